import { parseJobId } from "@tac8/core/domain/reference";
import type { Request, Response } from "express";
import { issuePath } from "../pages/issueLink.ts";
import type { NoticeKey } from "../pages/notices.ts";

/** Back to the page that the button was on, which says what came of it. `page`: its path, unless the address says another. */
export function answer(
  { query }: Pick<Request, "query">,
  response: Response,
  { notice, page }: { readonly notice: NoticeKey; readonly page: string },
): void {
  response.redirect(303, `${backTo(query["from"]) ?? page}?said=${notice}`);
}

/** `overview` or a job's id: a page of ours, wherever the address came from. */
function backTo(from: unknown): string | null {
  if (typeof from !== "string") return null;
  if (from === "overview") return "/";
  const ref = parseJobId(from);
  return ref === null ? null : issuePath(ref);
}
