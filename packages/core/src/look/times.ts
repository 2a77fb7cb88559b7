/** `13:05` at this place, with the day in front where it is not today's: `Nov 23 13:05`. Epoch ms. */
export function moment(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toTimeString().slice(0, 5);
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString("en-US", { month: "short", day: "numeric" })} ${time}`;
}

const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/g;

/** Return the text with each ISO instant as a time at this place, as `moment` writes it. `now`: epoch ms. */
export function withLocalTimes(text: string, now: number): string {
  return text.replaceAll(ISO_TIME, (iso) => moment(Date.parse(iso), now));
}
