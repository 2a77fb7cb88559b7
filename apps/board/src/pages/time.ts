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

/** A relative time, with the exact time in its title. */
export function timeTag(at: number, now: number): Html {
  if (Math.abs(at) > 8.64e15 || Number.isNaN(at)) return html`<span>?</span>`;
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso.slice(0, 19).replace("T", " ")} UTC">${relative(at, now)}</time>`;
}
