import type { PublishNeeds } from "./needs.ts";

/** How the workspace's commits since `baseSha` come to the clean side. */
export function incomingOptions(run: PublishNeeds, baseSha: string) {
  return {
    mirror: run.mirror.paths,
    clean: run.mirror.side,
    agent: run.place,
    tree: run.paths.tree,
    baseSha,
    known: [run.record.state.branch.start, run.record.state.branch.published].filter((sha) => sha !== null),
    runId: run.id,
  };
}
