import { messageOf } from "@tac8/core/domain/messageOf";
import { parseReference } from "@tac8/core/domain/reference";
import type { Page } from "../services/board.ts";
import { NotFound } from "../http/notFound.ts";
import { issuePath } from "../pages/issueLink.ts";

/** `/issues/471`: redirect to the page of the issue. With several repositories, the error explains which address to use. */
export const issueRedirect: Page = async ({ config }, request, response) => {
  response.redirect(302, issuePath(referenceIn(String(request.params["ref"]), config.repositories)));
};

function referenceIn(text: string, repositories: Parameters<typeof parseReference>[1]) {
  try {
    return parseReference(text, repositories);
  } catch (error) {
    throw new NotFound(messageOf(error));
  }
}
