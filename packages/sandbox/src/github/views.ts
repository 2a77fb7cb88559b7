import { find } from "./actions.ts";
import type { Store } from "./store.ts";
import type { LocalGitHub } from "./types.ts";
import { mentionedIn } from "./words.ts";

type Views = Pick<LocalGitHub, "issues" | "issue" | "pulls" | "comments" | "mentionsBy" | "branches" | "file">;

/** Copies of the state, for witnesses. */
export function views(store: Store): Views {
  const all = (repo: string) => [...store.repository(repo).issues.values()].filter((issue) => !issue.deleted);
  return {
    issues: (repo) => structuredClone(all(repo).filter(({ pull }) => pull === undefined)),
    issue: (repo, number) => structuredClone(find(store, repo, number).issue),
    pulls: (repo) =>
      all(repo).flatMap((issue) => {
        const { pull, ...rest } = structuredClone(issue);
        return pull === undefined ? [] : [{ ...rest, ...pull }];
      }),
    comments: (repo, number) => structuredClone(find(store, repo, number).issue.comments),
    mentionsBy: (repo, author) =>
      all(repo)
        .flatMap((issue) => [issue, ...issue.comments])
        .filter((words) => words.author === author)
        .flatMap(({ body }) => mentionedIn(body ?? "")),
    branches(repo) {
      const heads = [...store.repository(repo).refs].filter(([ref]) => ref.startsWith("refs/heads/"));
      return Object.fromEntries(heads.map(([ref, sha]) => [ref.slice("refs/heads/".length), sha]));
    },
    async file(repo, branch, path) {
      const args = ["cat-file", "blob", `refs/heads/${branch}:${path}`];
      const { code, stdout } = await store.git.run({ dir: store.repository(repo).dir, args, codes: [0, 128] });
      return code === 0 ? stdout : undefined;
    },
  };
}
