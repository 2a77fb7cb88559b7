import { expect, test } from "vitest";
import { planWorkspace, type Relation, type WorkspaceSnapshot } from "./plan.ts";

const GOOD: WorkspaceSnapshot = {
  treeExists: true,
  treeWorks: true,
  repositoryExists: true,
  repositoryEmpty: false,
  repositoryWorks: true,
  head: "aaa",
  headBranch: "auto/gh-1",
  clean: true,
};
const MISSING = { treeExists: false, treeWorks: false };
const BROKEN_TREE = { treeWorks: false };
const NO_REPOSITORY = { repositoryExists: false, repositoryWorks: false, treeWorks: false, head: null };
const DIRTY = { clean: false };

interface Row {
  readonly found: Partial<WorkspaceSnapshot>;
  readonly relation: Relation | null;
  readonly isBranchOnGitHub?: boolean;
  readonly plan: string;
  readonly because?: string | RegExp;
}

const ROWS: readonly Row[] = [
  { found: { ...MISSING, ...NO_REPOSITORY }, relation: null, plan: "create" },
  { found: { ...MISSING, repositoryWorks: false, repositoryEmpty: true, head: null }, relation: null, plan: "create" },
  { found: { ...MISSING, repositoryEmpty: true, head: null }, relation: null, plan: "create" },
  { found: NO_REPOSITORY, relation: null, plan: "replace", because: /repository is damaged/ },
  { found: { repositoryWorks: false, head: null }, relation: null, plan: "replace", because: /repository is damaged/ },
  { found: { ...MISSING, repositoryWorks: false, head: null }, relation: null, plan: "replace" },
  { found: { head: null }, relation: null, plan: "replace", because: /no commit/ },
  { found: { ...MISSING, head: null }, relation: null, plan: "replace", because: /no commit/ },
  { found: { ...BROKEN_TREE, head: null }, relation: null, plan: "replace", because: /worktree is damaged/ },
  { found: { headBranch: "auto/gh-1-2" }, relation: "same", plan: "replace", because: /belongs to the branch/ },
  { found: { headBranch: null }, relation: "same", plan: "reuse" },
  { found: {}, relation: "same", plan: "reuse" },
  { found: DIRTY, relation: "same", plan: "reuse" },
  { found: {}, relation: "ahead", plan: "reuse" },
  { found: DIRTY, relation: "ahead", isBranchOnGitHub: true, plan: "reuse" },
  { found: MISSING, relation: "same", plan: "reattach" },
  { found: MISSING, relation: "ahead", isBranchOnGitHub: true, plan: "reattach" },
  { found: BROKEN_TREE, relation: "ahead", plan: "reattach", because: /worktree is damaged/ },
  { found: {}, relation: "moved-off", isBranchOnGitHub: true, plan: "reuse" },
  { found: DIRTY, relation: "moved-off", isBranchOnGitHub: true, plan: "reuse" },
  { found: {}, relation: "behind", plan: "forward" },
  { found: {}, relation: "behind", isBranchOnGitHub: true, plan: "forward" },
  { found: DIRTY, relation: "behind", plan: "reuse" },
  // The agent's commits would replace those of another contributor.
  { found: DIRTY, relation: "behind", isBranchOnGitHub: true, plan: "replay", because: /uncommitted/ },
  { found: MISSING, relation: "behind", isBranchOnGitHub: true, plan: "replace", because: /newer/ },
  { found: BROKEN_TREE, relation: "behind", isBranchOnGitHub: true, plan: "replace", because: /worktree is damaged/ },
  { found: {}, relation: "diverged", plan: "reuse" },
  { found: MISSING, relation: "diverged", plan: "reattach" },
  { found: {}, relation: "diverged", isBranchOnGitHub: true, plan: "replay", because: /other commits/ },
  { found: DIRTY, relation: "diverged", isBranchOnGitHub: true, plan: "replay", because: /other commits/ },
  { found: MISSING, relation: "diverged", isBranchOnGitHub: true, plan: "replace", because: /other commits/ },
];

test.each(ROWS)(
  "$found, $relation, on GitHub: $isBranchOnGitHub → $plan",
  ({ found, relation, isBranchOnGitHub, plan, because }) => {
    const goal = { branch: "auto/gh-1", start: "bbb", isBranchOnGitHub: isBranchOnGitHub ?? false };
    const planned = planWorkspace({ ...GOOD, ...found }, goal, relation);
    expect(planned.do).toBe(plan);
    if (because !== undefined) expect(planned).toHaveProperty("because", expect.stringMatching(because));
  },
);

test("no plan overwrites an existing folder", () => {
  const flags = [true, false];
  for (const treeExists of flags)
    for (const treeWorks of flags)
      for (const repositoryExists of flags)
        for (const repositoryWorks of flags)
          for (const relation of ["same", "ahead", "behind", "diverged", null] as const) {
            const found = { ...GOOD, treeExists, treeWorks, repositoryExists, repositoryWorks };
            const plan = planWorkspace(found, { branch: "auto/gh-1", start: "bbb", isBranchOnGitHub: true }, relation);
            if (plan.do === "create") expect(treeExists || repositoryExists).toBe(false);
            if (plan.do === "reuse" || plan.do === "forward") expect(treeWorks).toBe(true);
          }
});
