// Money between the spot and the futures wallet of one account.

import { post } from '../core/api.js';
import { field, form } from '../core/dialog.js';
import { h, setText } from '../core/dom.js';
import { fromInput, sign } from '../core/decimal.js';
import { brief } from '../core/format.js';
import { t } from '../core/i18n.js';
import { refreshSoon } from '../core/live.js';
import { state } from '../core/store.js';
import { toast } from '../core/toast.js';

const CURRENCIES = ['USDT', 'BTC'];

function have(wallet, currency) {
  if (wallet === 'spot') return state.balance?.spot.find((item) => item.currency === currency)?.available ?? '0';
  return state.balance?.futures.find((item) => item.currency === currency)?.available ?? '0';
}

export function askTransfer(currency = 'USDT') {
  const select = (name, pairs) => h('select', { class: 'select', name, 'data-testid': `transfer-${name}` }, pairs.map(([value, label]) => h('option', { value }, label)));
  const coin = select('currency', CURRENCIES.map((name) => [name, name]));
  const way = select('direction', [['spot', t('transfer.to_futures')], ['futures', t('transfer.to_spot')]]);
  const amount = h('input', { class: 'input num', name: 'amount', inputmode: 'decimal', autocomplete: 'off', 'data-testid': 'transfer-amount' });
  const all = h('button', { type: 'button', class: 'button small', onclick: () => { amount.value = have(way.value, coin.value); } }, t('transfer.all'));
  const free = h('span', { class: 'hint num' });
  const show = () => setText(free, t('transfer.free', { amount: brief(have(way.value, coin.value), 8), currency: coin.value }));
  coin.value = currency;
  coin.addEventListener('change', show);
  way.addEventListener('change', show);
  show();
  return form({
    title: t('transfer.title'), testid: 'transfer-dialog', submit: t('transfer.submit'),
    fields: [field(t('transfer.direction'), way), field(t('balance.currency'), coin), field(t('transfer.amount'), amount), h('div', { class: 'row' }, free, all)],
    send: async () => {
      const value = fromInput(amount.value);
      if (!value || sign(value) <= 0) throw new Error(t('ticket.lack.size'));
      await post('/api/transfer', { account: state.active, currency: coin.value, amount: value, source: way.value, target: way.value === 'spot' ? 'futures' : 'spot' });
      toast('good', t('transfer.done', { amount: brief(value, 8), currency: coin.value }));
      refreshSoon();
    },
  });
}
