/** Return the local time in words: `13:05` today, else `tomorrow 13:05`, `yesterday 13:05` or `Nov 23 13:05`. Epoch ms. */
export function moment(at: number, now: number): string {
  const { day, time } = partsOf(at, now);
  return day === null ? time : `${day} ${time}`;
}

/** Return the local time for use in a sentence: `at 13:05`, `tomorrow at 13:05`, `on Nov 23 at 13:05`. */
export function atMoment(at: number, now: number): string {
  const { day, time } = partsOf(at, now);
  if (day === null) return `at ${time}`;
  return day === "tomorrow" || day === "yesterday" ? `${day} at ${time}` : `on ${day} at ${time}`;
}

function partsOf(at: number, now: number): { readonly day: string | null; readonly time: string } {
  const date = new Date(at);
  const time = date.toTimeString().slice(0, 5);
  const is = (days: number) => {
    const other = new Date(now);
    // Count days from noon, because a day on which the clocks change has 23 or 25 hours.
    other.setHours(12, 0, 0, 0);
    other.setDate(other.getDate() + days);
    return date.toDateString() === other.toDateString();
  };
  if (is(0)) return { day: null, time };
  if (is(1)) return { day: "tomorrow", time };
  if (is(-1)) return { day: "yesterday", time };
  return { day: date.toLocaleDateString("en-US", { month: "short", day: "numeric" }), time };
}

const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/g;

/** Replace each ISO time in a text by the local time, as `moment` formats it. `now`: epoch ms. */
export function withLocalTimes(text: string, now: number): string {
  return text.replaceAll(ISO_TIME, (iso) => moment(Date.parse(iso), now));
}
