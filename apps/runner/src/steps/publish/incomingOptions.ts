import type { PublishNeeds } from "./needs.ts";

/** Return the options by which the workspace's commits since `baseSha` are taken to the clean side. */
export function incomingOptions(run: PublishNeeds, baseSha: string) {
  return {
    mirror: run.mirror.paths,
    clean: run.mirror.cleanSide,
    agent: run.place,
    tree: run.paths.tree,
    baseSha,
    known: [run.record.state.branch.start, run.record.state.branch.published].filter((sha) => sha !== null),
    runId: run.id,
  };
}
