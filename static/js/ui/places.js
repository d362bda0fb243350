// Where the page is: views and instruments as addresses, without reloads.

import { $, $$ } from '../core/dom.js';
import { setPref } from '../core/prefs.js';
import { refresh } from '../core/live.js';
import { clear, emit, isFutures, samePlace, state } from '../core/store.js';

const VIEWS = ['trade', 'positions', 'copy', 'accounts', 'settings', 'more'];

export const pathOf = ({ market, settle, instrument }) => (market === 'spot' ? `/trade/spot/${instrument}` : `/trade/futures/${settle}/${instrument}`);

function parse(path) {
  const parts = path.split('/').filter(Boolean);
  if (parts[0] === 'trade' && parts[1] === 'spot' && parts[2]) return { view: 'trade', place: { market: 'spot', settle: '', instrument: parts[2] } };
  if (parts[0] === 'trade' && parts[1] === 'futures' && parts[3]) return { view: 'trade', place: { market: 'futures', settle: parts[2], instrument: parts[3] } };
  return { view: VIEWS.includes(parts[0]) ? parts[0] : 'trade', place: null };
}

/** Shows one view; positions are the trade view's table, alone, on a phone. */
export function showView(view) {
  state.view = view;
  const shown = view === 'positions' ? 'trade' : view;
  for (const section of $$('.view')) section.hidden = section.dataset.view !== shown;
  document.body.classList.toggle('view-positions', view === 'positions');
  for (const link of $$('[data-view-link]')) {
    if (link.closest('nav')) link.toggleAttribute('aria-current', link.dataset.viewLink === view || (view === 'positions' && link.dataset.viewLink === 'trade' && link.closest('.mainnav')));
    if (link.hasAttribute('aria-current')) link.setAttribute('aria-current', 'page');
  }
  emit('view', 'place');
}

export function goView(view, anchor = '') {
  const path = view === 'trade' ? pathOf(state.place) : `/${view}`;
  if (location.pathname !== path) history.pushState({}, '', path);
  showView(view);
  const target = anchor && document.getElementById(anchor);
  if (target) target.scrollIntoView();
  else $('#main').scrollTop = 0;
}

function setPlace(place) {
  if (samePlace(place, state.place)) return;
  state.place = place;
  clear(true, false);
  setPref('place', place);
  emit('place');
  refresh();
}

export function goTrade(place) {
  setPlace(place);
  goView('trade');
}

/** The same coin on the other market, else that market's first choice. */
function switchMarket(market) {
  if (market === state.place.market) return;
  const { instrument } = state.place;
  const name = isFutures() && state.place.settle === 'btc' ? instrument.replace(/_USD$/, '_USDT') : instrument;
  goTrade({ market, settle: market === 'spot' ? '' : 'usdt', instrument: name });
}

export function init() {
  for (const link of $$('[data-view-link]')) {
    link.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      goView(link.dataset.viewLink, link.dataset.anchor);
    });
  }
  for (const node of $$('[data-market-switch]')) node.addEventListener('click', () => switchMarket(node.dataset.marketSwitch));
  window.addEventListener('popstate', () => {
    const { view, place } = parse(location.pathname);
    if (place) setPlace(place);
    showView(view);
  });
  if (location.pathname === '/') history.replaceState({}, '', pathOf(state.place));
}
