import type { CleanSide } from "../../git/cleanSide.ts";
import type { GitBench } from "../../workspace/testing/gitBench.ts";
import { withIncoming } from "../incoming.ts";
import { pushBranch } from "../push.ts";
import type { PushScope } from "../pushScope.ts";

export interface PushedWork {
  readonly clean?: CleanSide;
  readonly branch?: string;
  readonly scope?: PushScope;
  readonly expected?: string | null;
}

/** Pass the work of a bench through the airlock and push it, like `publish`. */
export async function pushWork(
  bench: GitBench,
  { clean = bench.clean, branch = bench.branch, scope = bench.scope, expected = null }: PushedWork = {},
): Promise<"pushed" | "already"> {
  const incoming = {
    mirror: bench.mirror.paths,
    clean,
    agent: bench.place,
    tree: bench.paths.tree,
    baseSha: await bench.base(),
    known: [],
    runId: bench.name,
  };
  return withIncoming(incoming, ({ dir, head }) => pushBranch({ clean, dir, branch, scope, sha: head, expected }));
}
