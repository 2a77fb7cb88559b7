import { parseJobId } from "@tac8/core/domain/reference";
import type { Request, Response } from "express";
import { issuePath } from "../pages/issueLink.ts";
import type { NoticeKey } from "../pages/notices.ts";

/** Redirect to the page of the button, which shows the result. `page`: the path to use unless `?from=` names another page. */
export function answer(
  { query }: Pick<Request, "query">,
  response: Response,
  { notice, page }: { readonly notice: NoticeKey; readonly page: string },
): void {
  response.redirect(303, `${backTo(query["from"]) ?? page}?notice=${notice}`);
}

/** Return the page that `?from=` names by `overview` or by a job id; null: none. No other value is followed. */
function backTo(from: unknown): string | null {
  if (typeof from !== "string") return null;
  if (from === "overview") return "/";
  const ref = parseJobId(from);
  return ref === null ? null : issuePath(ref);
}
