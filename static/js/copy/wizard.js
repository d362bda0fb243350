// A new link in three steps: who follows whom, how large, how far. It begins by watching only.

import { post } from '../core/api.js';
import { button, h, icon } from '../core/dom.js';
import { field, open } from '../core/dialog.js';
import { t } from '../core/i18n.js';
import { mayTrade, state } from '../core/store.js';
import { toast } from '../core/toast.js';
import { copy, loadParameters, refreshCopy } from './data.js';
import { clearRefusals, control, fitSize, showRefusals } from './params.js';
import { livePreview } from './sizing.js';

const STEPS = ['who', 'size', 'caps'];
const PARAMS = { size: ['size_mode', 'multiplier', 'amount', 'below_min'], caps: ['max_position', 'max_order', 'max_leverage', 'daily_loss', 'late_join'] };

function picker(name, label, chosen) {
  const select = h('select', { class: 'select', name, 'data-testid': `wizard-${name}` }, state.accounts.map((item) => h('option', { value: item.id }, `${item.name} · ${t(`network.${item.network}`)}`)));
  select.value = chosen;
  return { select, node: field(label, select) };
}

/** The leader most likely meant: one that leads already, else the active account; the follower on the same network. */
function guess() {
  const leader = copy.links[0]?.leader.id ?? state.active ?? state.accounts[0]?.id;
  const network = leader?.split(':')[0];
  const taken = new Set([leader, ...copy.links.flatMap((item) => [item.leader.id, item.follower.id])]);
  const peers = state.accounts.filter((item) => item.network === network && item.id !== leader);
  return [leader, (peers.find((item) => !taken.has(item.id)) ?? peers[0])?.id];
}

function steps(parts, onstep) {
  let at = 0;
  const marks = STEPS.map((name, index) => h('li', {}, h('b', { class: 'num' }, String(index + 1)), h('span', {}, t(`copy.wizard.${name}`))));
  const go = (to) => {
    at = Math.max(0, Math.min(STEPS.length - 1, to));
    parts.forEach((part, index) => { part.hidden = index !== at; });
    marks.forEach((mark, index) => { if (index === at) mark.setAttribute('aria-current', 'step'); else mark.removeAttribute('aria-current'); });
    onstep(at);
    parts[at].querySelector('input:not([hidden]), select')?.focus();
  };
  return { list: h('ol', { class: 'wizard-steps' }, marks), go, next: () => go(at + 1), back: () => go(at - 1) };
}

export async function showWizard() {
  if (!mayTrade()) return;
  const table = await loadParameters().catch((error) => { toast('bad', t('copy.failed'), error.text); return null; });
  if (!table) return;
  const [leaderId, followerId] = guess();
  const leader = picker('leader', t('copy.wizard.leader'), leaderId);
  const follower = picker('follower', t('copy.wizard.follower'), followerId);
  const name = h('input', { class: 'input', name: 'name', maxlength: '40', autocomplete: 'off', 'data-testid': 'wizard-name' });
  const settle = h('select', { class: 'select', name: 'settle' }, ['usdt', 'btc'].map((one) => h('option', { value: one }, one.toUpperCase())));
  let preview = null;
  const changed = () => { fitSize(controls); preview.refresh(); };
  const rules = new Map(table.items.map((rule) => [rule.name, rule]));
  const controls = new Map(Object.values(PARAMS).flat().map((key) => [key, control(rules.get(key), rules.get(key).default, () => changed())]));
  const params = () => Object.fromEntries([...controls].filter(([, one]) => !one.node.hidden).map(([key, one]) => [key, one.value()]));
  const body = () => ({ leader: leader.select.value, follower: follower.select.value, settle: settle.value, params: params() });
  preview = livePreview(() => (leader.select.value && follower.select.value && leader.select.value !== follower.select.value ? body() : null));
  const grid = (keys) => h('div', { class: 'param-grid' }, keys.map((key) => controls.get(key).node));
  const noCap = h('input', { type: 'checkbox', 'data-testid': 'wizard-no-cap' });
  const parts = [
    h('div', { class: 'dialog-part' }, h('p', { class: 'hint' }, t('copy.wizard.who_text')), leader.node, follower.node, h('div', { class: 'param-grid' }, field(t('copy.wizard.settle'), settle), field(t('copy.name'), name, t('copy.wizard.name_hint')))),
    h('div', { class: 'dialog-part' }, grid(PARAMS.size)),
    h('div', { class: 'dialog-part' }, h('p', { class: 'hint' }, t('copy.wizard.caps_text')), grid(PARAMS.caps), h('label', { class: 'check' }, noCap, h('span', {}, t('copy.wizard.no_cap')))),
  ];
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const say = (text) => Object.assign(error, { textContent: text, hidden: !text });
  const host = h('div', { class: 'wizard-body' });
  let foot = {};
  const walk = steps(parts, (at) => {
    say('');
    foot.back && (foot.back.disabled = at === 0);
    if (foot.next) { foot.next.hidden = at === 2; foot.make.hidden = at !== 2; }
    preview.node.hidden = at === 0;
    if (at > 0) preview.refresh(0);
  });
  for (const node of [leader.select, follower.select, settle]) node.addEventListener('change', () => { say(leader.select.value === follower.select.value ? t('errors.copy_self_short') : ''); preview.refresh(); });
  host.append(walk.list, ...parts, error);

  const make = async (close) => {
    clearRefusals(host);
    if (controls.get('max_position').value() === null && !noCap.checked) {
      showRefusals(host, { 'params.max_position': t('copy.wizard.cap_asked') });
      return;
    }
    foot.make.disabled = true;
    try {
      await post('/api/copy/links', { ...body(), name: name.value.trim() });
      await refreshCopy();
      toast('good', t('copy.wizard.done'), t('copy.wizard.done_text'));
      close(true);
    } catch (problem) {
      const keys = Object.keys(problem.fields ?? {});
      const where = parts.findIndex((part) => keys.some((key) => part.querySelector(`[name="${CSS.escape(key)}"]`)));
      if (where >= 0) walk.go(where);
      say(problem.text ?? problem.message);
      showRefusals(host, problem.fields);
    }
    foot.make.disabled = false;
  };
  const next = () => (leader.select.value === follower.select.value || !follower.select.value ? say(t('errors.copy_self_short')) : walk.next());
  fitSize(controls);
  await open({
    title: t('copy.new'), kind: 'wide wizard', testid: 'wizard', body: [host, preview.node],
    onsubmit: (close) => (foot.make.hidden ? next() : make(close)),
    actions: (close) => {
      foot = { back: button(t('copy.wizard.back'), { 'data-testid': 'wizard-back', onclick: walk.back }), next: button(t('copy.wizard.next'), { class: 'primary', 'data-testid': 'wizard-next', onclick: next }), make: button(t('copy.wizard.make'), { class: 'primary', 'data-testid': 'wizard-make', onclick: () => make(close) }, 'eye') };
      walk.go(0);
      return [h('span', { class: 'hint' }, icon('info'), t('copy.wizard.shadow')), h('span', { class: 'spacer' }), foot.back, foot.next, foot.make];
    },
  });
  preview.stop();
}
