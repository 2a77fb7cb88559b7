import { ApiError } from "../answer.ts";
import { addComment, addLabel, closeIssue, removeLabel, reopenIssue } from "../issues.ts";
import type { Issue, Repository } from "../model.ts";
import { mergePull } from "../pulls.ts";
import type { Store } from "../store.ts";

interface Form {
  readonly store: Store;
  readonly repository: Repository;
  readonly issue: Issue;
  /** `do` names the button; `body` or `label` is what it needs. */
  readonly fields: URLSearchParams;
}

/** Does what an operator's button says, as the owner of the repository. */
export async function applyForm({ store, repository, issue, fields }: Form): Promise<void> {
  const actor = repository.owner;
  const act = { store, repository, issue, actor };
  const body = (fields.get("body") ?? "").replaceAll("\r\n", "\n");
  const label = (fields.get("label") ?? "").trim();
  const needLabel = () => {
    if (label === "") throw new ApiError(422, "Name a label.");
  };
  switch (fields.get("do") ?? "") {
    case "comment":
      addComment({ store, issue, author: actor, body });
      return;
    case "close":
      closeIssue(act);
      return;
    case "reopen":
      reopenIssue(act);
      return;
    case "label":
      needLabel();
      addLabel({ ...act, label });
      return;
    case "unlabel":
      needLabel();
      removeLabel({ ...act, label });
      return;
    case "merge":
      await mergePull(act);
      return;
    default:
      throw new ApiError(422, "This button is not known.");
  }
}
