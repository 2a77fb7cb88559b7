import { html, type Html } from "./html.ts";

/** Format a time relative to now: `just now`, `12 s ago`, `in 5 min`, `3 h ago`, `2 d ago`. Both are epoch ms. */
export function relative(at: number, now: number): string {
  const distance = Math.abs(at - now);
  if (distance < 2000) return "just now";
  const [amount, unit] =
    distance < 60_000
      ? [distance / 1000, "s"]
      : distance < 3_600_000
        ? [distance / 60_000, "min"]
        : distance < 48 * 3_600_000
          ? [distance / 3_600_000, "h"]
          : [distance / 86_400_000, "d"];
  const text = `${Math.floor(amount)} ${unit}`;
  return at < now ? `${text} ago` : `in ${text}`;
}

/** A relative time, which the page's script gives a title with the exact time. */
export function timeTag(at: number, now: number): Html {
  return withExactTime(at, relative(at, now));
}

/** A text about a time, to which the page's script adds the exact time in the reader's time zone. */
export function withExactTime(at: number, text: string): Html {
  if (Math.abs(at) > 8.64e15 || Number.isNaN(at)) return html`<span>?</span>`;
  return html`<time datetime="${new Date(at).toISOString()}">${text}</time>`;
}
