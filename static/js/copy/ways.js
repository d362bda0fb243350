// What becomes of copied positions when a link ends: three ways, the gentlest one chosen.

import { h } from '../core/dom.js';
import { t } from '../core/i18n.js';

/** Radios; `value()` reads the choice. */
export function waysOut() {
  const inputs = ['wind_down', 'close_now', 'keep'].map((how, index) => {
    const input = h('input', { type: 'radio', name: 'how', value: how, 'data-testid': `how-${how}` });
    input.checked = index === 0;
    return input;
  });
  const choice = (input) => h('label', { class: 'choice' }, input, h('span', {}, h('b', {}, t(`copy.unfollow.${input.value}`)), h('span', { class: 'sub' }, t(`copy.unfollow.${input.value}_text`))));
  const node = h('fieldset', { class: 'plain' }, h('legend', {}, t('copy.unfollow.ask')), inputs.map(choice));
  return { node, value: () => inputs.find((input) => input.checked).value };
}
