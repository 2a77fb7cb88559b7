const DAY_MS = 24 * 3600 * 1000;
const MAX_AHEAD_MS = 8 * DAY_MS;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Finds when a limit is lifted in the CLI's words: `limit reached|<epoch s>`, `resets 3am (Europe/Berlin)`,
 * `resets at 3:30pm`, `resets Nov 24 at 3pm (UTC)`, `retry after 120`, `resets in 2 hours`.
 * @param now epoch milliseconds; without a zone in the text, the machine's own is meant
 * @returns epoch milliseconds, at most 8 days ahead; null where nothing of the kind is said
 */
export function parseResetTime(text: string, now: number): number | null {
  const until = epochIn(text) ?? delayIn(text, now) ?? clockIn(text, now);
  return until !== null && until > now && until <= now + MAX_AHEAD_MS ? until : null;
}

function epochIn(text: string): number | null {
  const seconds = /limit reached\s*\|\s*(\d{9,11})\b/i.exec(text)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function delayIn(text: string, now: number): number | null {
  const found =
    /(?:retry[- ]after|resets? in|try again in)[:\s]+(\d{1,6})\s*(s|sec|m|min|h|hour|d|day)?(?:ond|ute)?s?\b/i.exec(
      text,
    );
  if (found === null) return null;
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS }[(found[2] ?? "s").charAt(0).toLowerCase()] ?? 1000;
  return now + Number(found[1]) * unit;
}

const CLOCK =
  /resets?(?: at| on)?\s+(?:([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:,| at|, at)?\s+)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?(?:\s*\(([\w/+-]+)\))?/i;

function clockIn(text: string, now: number): number | null {
  const found = CLOCK.exec(text);
  if (found === null) return null;
  const [, monthName, day, hourText, minuteText, half, zoneText] = found;
  if (half === undefined && minuteText === undefined) return null;
  const hour = (Number(hourText) % (half === undefined ? 24 : 12)) + (half?.toLowerCase() === "pm" ? 12 : 0);
  const clock = { hour, minute: Number(minuteText ?? 0) };
  const zone = knownZone(zoneText);
  const today = dateIn(zone, now);
  if (monthName !== undefined && day !== undefined) {
    const month = MONTHS.indexOf(monthName.toLowerCase());
    if (month < 0) return null;
    const year = today.month - month > 6 ? today.year + 1 : today.year;
    return instant({ zone, year, month, day: Number(day), ...clock });
  }
  const next = instant({ zone, ...today, ...clock });
  return next > now ? next : instant({ zone, ...today, day: today.day + 1, ...clock });
}

function knownZone(name: string | undefined): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface WallTime {
  readonly zone: string | undefined;
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The instant of a wall time: guess, look what the clock there shows, correct (twice, for a change of offset). */
function instant({ zone, year, month, day, hour, minute }: WallTime): number {
  const wanted = Date.UTC(year, month, day, hour, minute);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) {
    const seen = dateIn(zone, guess);
    guess += wanted - Date.UTC(seen.year, seen.month, seen.day, seen.hour, seen.minute);
  }
  return guess;
}

function dateIn(zone: string | undefined, at: number): Omit<WallTime, "zone"> {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  return { year: part("year"), month: part("month") - 1, day: part("day"), hour: part("hour"), minute: part("minute") };
}
