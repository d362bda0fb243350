// Short sounds made by WebAudio, without files. Browsers allow none before the first touch or key.

import { link } from '../core/link.js';
import { pref } from '../core/prefs.js';
import { on } from '../core/store.js';
import { notices } from '../core/toast.js';

// Frequency in Hz and length in seconds of each note.
const TUNES = {
  fill: { notes: [[660, 0.09], [880, 0.14]], shape: 'sine', flag: 'sound_fill', buzz: 30 },
  reject: { notes: [[220, 0.14], [165, 0.22]], shape: 'triangle', flag: 'sound_reject', buzz: [40, 40, 40] },
  copy: { notes: [[740, 0.12], [555, 0.12], [740, 0.12], [555, 0.16]], shape: 'triangle', flag: 'sound_copy', buzz: [60, 40, 60] },
  lost: { notes: [[520, 0.12], [390, 0.12], [290, 0.2]], shape: 'triangle', flag: 'sound_link', buzz: 200 },
  back: { notes: [[390, 0.1], [520, 0.14]], shape: 'sine', flag: 'sound_link', buzz: 30 },
};
const LOUDEST = 0.25;

let audio = null;
let lost = false;
let alarm = 'reject';

function unlock() {
  audio ??= new AudioContext();
  if (audio.state === 'suspended') audio.resume();
}

export function play(name, always = false) {
  const { notes, shape, flag, buzz } = TUNES[name];
  if (!audio || (!always && !pref(flag))) return;
  navigator.vibrate?.(buzz);
  let at = audio.currentTime;
  for (const [hertz, length] of notes) {
    const tone = new OscillatorNode(audio, { frequency: hertz, type: shape });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.linearRampToValueAtTime((pref('volume') / 100) * LOUDEST, at + 0.01);
    gain.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length;
  }
  document.body.dataset.sound = name;
}

/** Messages of trouble said inside `act` ring with this tune. */
export function ringing(tune, act) {
  alarm = tune;
  act();
  alarm = 'reject';
}

function listen() {
  if (Boolean(link.lostSince) === lost) return;
  lost = Boolean(link.lostSince);
  play(lost ? 'lost' : 'back');
}

export function init() {
  for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, unlock, { once: true, capture: true });
  for (const topic of ['conn', 'market']) on(topic, listen);
  on('notices', () => { if (notices[0]?.kind === 'bad') play(alarm); });
  for (const node of document.querySelectorAll('[data-sound-test]')) node.addEventListener('click', () => play(node.dataset.soundTest, true));
}
