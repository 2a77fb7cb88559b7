import { formatAge } from "@tac8/core/domain/formats";
import type { Explanation } from "@tac8/core/why/explain";
import { cut, pad, plain, wrap, type Paint } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";

const GAP = 4;
const MARK = { decides: "●", clear: "○" };

/** Render `tac8 why` as lines of at most `width` columns: the answer, then every rule that was checked, the deciding ones first. */
export function renderWhy(
  { issue, title, state, since, answer, rules }: Explanation,
  how: { readonly now: number; readonly width: number; readonly paint: Paint },
): string[] {
  const { now, width, paint } = how;
  const columns = Math.max(0, ...rules.map(({ rule }) => rule.length));
  const at = since === null ? NaN : Date.parse(since);
  const when = Number.isNaN(at) ? "" : ` since ${moment(at, now)} (${formatAge(now - at)})`;
  const head = title === "" ? plain(issue) : `${plain(issue)}  ${plain(title)}`;
  return [
    paint("bold", cut(head, width)),
    paint("dim", state === "unknown" ? "unknown to tac8" : `${state}${when}`),
    "",
    ...wrap(plain(answer), width),
    "",
    ...rules.flatMap(({ rule, holds: isDecisive, text }) => {
      const label = `${isDecisive ? MARK.decides : MARK.clear} ${pad(rule, columns)}`;
      const indent = " ".repeat(columns + GAP);
      const [first = "", ...rest] = wrap(plain(text), Math.max(20, width - columns - GAP));
      return [`${paint(isDecisive ? "yellow" : "dim", label)}  ${first}`, ...rest.map((line) => indent + line)];
    }),
  ];
}
