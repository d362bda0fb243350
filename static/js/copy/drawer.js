// The settings of one link: every parameter by group, found by search, changed ones marked, with the effect in real numbers below.

import { get, patch } from '../core/api.js';
import { button, h, icon } from '../core/dom.js';
import { field, open } from '../core/dialog.js';
import { t } from '../core/i18n.js';
import { mayTrade } from '../core/store.js';
import { fail, toast } from '../core/toast.js';
import { arm } from './arm.js';
import { linkOf, loadParameters, refreshCopy } from './data.js';
import { clearRefusals, control, fitSize, showRefusals } from './params.js';
import { livePreview } from './sizing.js';
import { stateBadge } from './words.js';

function groupsOf(table, item, onchange) {
  const controls = new Map(table.items.map((rule) => [rule.name, control(rule, rule.name in item.params ? item.params[rule.name] : rule.default, onchange)]));
  const sections = table.groups.map(({ name, label }) => {
    const mine = [...controls.values()].filter((one) => one.rule.group === name);
    const section = h('details', { class: 'param-group', data: { group: name, testid: `group-${name}` } }, h('summary', {}, h('span', {}, label), h('span', { class: 'count', hidden: true })), h('div', { class: 'param-grid' }, mine.map((one) => one.node)));
    section.open = name === 'size' || name === 'caps';
    return { section, mine };
  });
  return { controls, sections };
}

/** Shows what matches and opens its groups; nothing typed shows all. */
function filter(sections, text, onlyChanged) {
  const wanted = text.trim().toLowerCase();
  for (const { section, mine } of sections) {
    let hits = 0;
    for (const one of mine) {
      const marked = !one.node.querySelector('.changed').hidden;
      const hit = (!wanted || `${one.rule.label} ${one.rule.help} ${one.rule.name}`.toLowerCase().includes(wanted)) && (!onlyChanged || marked);
      one.node.classList.toggle('missed', !hit);
      hits += Number(hit);
    }
    section.hidden = !hits;
    if (wanted || onlyChanged) section.open = hits > 0;
  }
}

function countChanged(sections) {
  for (const { section, mine } of sections) {
    const n = mine.filter((one) => !one.node.querySelector('.changed').hidden).length;
    const badge = section.querySelector('.count');
    badge.hidden = !n;
    badge.textContent = t('copy.n_changed', { n });
  }
}

export async function showSettings(found) {
  let item;
  let table;
  try {
    [table, item] = await Promise.all([loadParameters(), get(`/api/copy/links/${found.id}`)]);
  } catch (error) {
    fail(t('copy.failed'), error);
    return;
  }
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const name = h('input', { class: 'input', name: 'name', maxlength: '40', autocomplete: 'off', value: item.name ?? '', 'data-testid': 'link-name' });
  const note = h('input', { class: 'input', name: 'note', maxlength: '200', autocomplete: 'off', value: item.note ?? '' });
  let preview = null;
  const changed = () => { fitSize(controls); countChanged(sections); preview.refresh(); };
  const { controls, sections } = groupsOf(table, item, () => changed());
  const params = () => Object.fromEntries([...controls].map(([key, one]) => [key, one.value()]));
  preview = livePreview(() => ({ leader: item.leader.id, follower: item.follower.id, settle: item.settle, link: item.id, params: params() }));
  const search = h('input', { class: 'input', type: 'search', autocomplete: 'off', placeholder: t('copy.search'), 'aria-label': t('copy.search'), 'data-testid': 'param-search' });
  const only = h('input', { type: 'checkbox', 'data-testid': 'only-changed' });
  const look = () => filter(sections, search.value, only.checked);
  search.addEventListener('input', look);
  only.addEventListener('change', look);
  const host = h('div', { class: 'drawer-body' },
    h('p', { class: 'row' }, h('span', { class: 'muted' }, `${item.leader.name} → ${item.follower.name}`), stateBadge(item.state)),
    h('div', { class: 'drawer-find' }, search, h('label', { class: 'check small' }, only, h('span', {}, t('copy.only_changed')))),
    h('div', { class: 'param-grid' }, field(t('copy.name'), name), field(t('copy.note'), note)),
    sections.map(({ section }) => section), error);
  const save = async (close, then) => {
    clearRefusals(host);
    error.hidden = true;
    const fields = Object.fromEntries([...controls].filter(([, one]) => one.changed()).map(([key, one]) => [key, one.value()]));
    try {
      await patch(`/api/copy/links/${item.id}`, { version: item.version, name: name.value.trim(), note: note.value.trim(), params: fields });
      await refreshCopy();
      toast('good', t('copy.saved'));
      close(true);
      then?.(linkOf(item.id) ?? item);
    } catch (problem) {
      for (const { section } of sections) if (Object.keys(problem.fields ?? {}).some((key) => section.querySelector(`[name="${CSS.escape(key)}"]`))) section.open = true;
      showRefusals(host, problem.fields);
      Object.assign(error, { textContent: problem.text ?? problem.message, hidden: false });
      if (problem.code === 'copy_version') item.version = linkOf(item.id)?.version ?? item.version;
      error.scrollIntoView({ block: 'nearest' });
    }
  };
  changed();
  preview.refresh(0);
  await open({
    title: t('copy.settings_of', { name: item.follower.name }), kind: 'drawer', testid: 'settings-drawer', focus: search, body: [host, preview.node],
    actions: (close) => [
      ['shadow', 'off'].includes(item.state) && mayTrade() && button(t('copy.save_and_arm'), { 'data-testid': 'save-arm', onclick: () => save(close, arm) }, 'play'),
      mayTrade() ? button(t('common.save'), { class: 'primary', 'data-testid': 'save-settings', onclick: () => save(close) }) : h('span', { class: 'muted' }, icon('eye'), t('copy.viewer')),
    ].filter(Boolean),
  });
  preview.stop();
}
