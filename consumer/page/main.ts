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
let isPaused = false;

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
  isPaused = !isPaused;
  const since = `Paused since ${clock(Date.now())}`;
  setText(pause, isPaused ? 'Resume' : 'Pause');
  setText(byId('now-title'), isPaused ? since : 'Now');
  setText(news, isPaused ? `${since}.` : 'Resumed.');
  document.body.classList.toggle('paused', isPaused);
  poll.pause(isPaused);
});

poll.start();
