import type { Answer } from "./answer.ts";
import { json } from "./answer.ts";

const DEFAULT_PAGE = 30;
const MOST_PER_PAGE = 100;

/** One page as GitHub answers it, with `Link` to its neighbours. @param url the address that was asked, with its query. */
export function page<T>(items: readonly T[], url: URL, present: (item: T) => unknown): Answer {
  const perPage = Math.min(positive(url.searchParams.get("per_page"), DEFAULT_PAGE), MOST_PER_PAGE);
  const number = positive(url.searchParams.get("page"), 1);
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const body = items.slice((number - 1) * perPage, number * perPage).map(present);
  const links: [string, number][] = [];
  if (number > 1) links.push(["prev", Math.min(number - 1, last)]);
  if (number < last) links.push(["next", number + 1], ["last", last]);
  if (number > 1) links.push(["first", 1]);
  const link = links.map(([rel, to]) => `<${withPage(url, to)}>; rel="${rel}"`).join(", ");
  return json(200, body, link === "" ? {} : { link });
}

function withPage(url: URL, number: number): string {
  const other = new URL(url);
  other.searchParams.set("page", String(number));
  return other.href;
}

function positive(text: string | null, otherwise: number): number {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}
