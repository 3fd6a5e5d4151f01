import { byId, setNote, setText } from './dom.ts';
import { clock } from './format.ts';
import { newsOf } from './news.ts';
import { Poll } from './poll.ts';
import type { Status } from './status.ts';
import { View } from './view.ts';

const view = new View();
const lost = byId('lost');
const news = byId('news');
const pause = byId('pause', HTMLButtonElement);
let last: Status | undefined;

const poll = new Poll({
  told(status) {
    setLost(undefined);
    view.show(status);
    const happened = last ? newsOf(last, status) : [];
    if (happened.length > 0) setText(news, `${happened.join('. ')}.`);
    last = status;
  },
  lost(why) {
    const when = last ? ` These numbers are of ${clock(last.now)}.` : '';
    setLost(`${why}.${when}`);
  },
});

function setLost(note: string | undefined): void {
  if (note !== undefined && lost.hidden) setText(news, note);
  setNote(lost, note);
  document.body.classList.toggle('lost', note !== undefined);
}

pause.addEventListener('click', () => {
  const isPaused = pause.getAttribute('aria-pressed') !== 'true';
  pause.setAttribute('aria-pressed', String(isPaused));
  poll.pause(isPaused);
});

poll.start();
