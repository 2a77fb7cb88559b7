import { describe, expect, it } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { BUILT_IN_TEMPLATE, fence, renderPrompt } from "./prompt.ts";
import { chooseTemplate } from "./template.ts";

const VALUES = {
  task_id: "gh-471",
  source: "https://github.com/octo/hello/issues/471",
  issue_number: "471",
  priority: "P2",
  description: fence("ISSUE TITLE", "A title", "n"),
  issue_body: fence("ISSUE BODY", "The whole story.", "n"),
  comments: fence("COMMENT by ann", "And this.", "n"),
  worktree_path: "/w/trees/gh-471",
  branch_name: "auto/gh-471",
  worker_id: "pi/0",
};

/** A template for the predecessor of tac8. */
const OLDER = `# Autonomous Worker

**Task ID:** {task_id}
**Source:** GitHub Issue #{issue_number}
**Priority:** {priority}
**Description:** {description}

**Working Directory:** {worktree_path}
**Branch:** {branch_name}

1. **Understand the task**
   - Read the GitHub issue: \`gh issue view {issue_number}\`
2. **Create a Pull Request**
   - Push your branch, and create the PR: \`gh pr create --fill\`
3. Update tasks.md: \`[⏰ {worker_id}] {task_id}: done\`
`;

const COMPLETE = `Solve {description}: {issue_body} {comments}
Commit your work. Do not push and do not open a pull request: never use \`git push\` or \`gh pr create\`.
`;

fieldTest("D1", "with a template for the predecessor, the prompt has the issue's body and comments once each", () => {
  const prompt = renderPrompt(chooseTemplate(OLDER).template, VALUES);
  for (const part of [VALUES.description, VALUES.issue_body, VALUES.comments]) {
    expect(prompt.split(part)).toHaveLength(2);
  }
  expect(prompt.startsWith("# Autonomous Worker")).toBe(true);
  expect(prompt).not.toMatch(/\{[a-z_]+\}/);
});

fieldTest("D1", "with a template for the predecessor, the end of the prompt says what differs", () => {
  const prompt = renderPrompt(chooseTemplate(OLDER).template, VALUES);
  const end = prompt.slice(prompt.lastIndexOf(VALUES.comments));
  for (const words of ["no GitHub token", "`gh`", "Do not push", "do not open a pull request", "BLOCKED.md", "#471"]) {
    expect(end).toContain(words);
  }
});

describe("a template that is used unchanged", () => {
  it.each([
    ["has all placeholders, and forbids what the agent must not do", COMPLETE],
    ["is the built-in one", BUILT_IN_TEMPLATE],
    [
      "mentions pull requests that tac8 opens",
      "{description}{issue_body}{comments}\nYour work becomes a pull request.",
    ],
  ])("%s", (_, own) => {
    expect(chooseTemplate(own)).toEqual({ template: own, note: null });
  });
});

describe("a template that is completed", () => {
  it.each([
    ["asks for a push", `${COMPLETE}Then run git push.`],
    ["asks for a pull request", `${COMPLETE}When done, open a pull request.`],
    ["asks for gh", `${COMPLETE}Then comment: gh issue comment {issue_number}`],
    ["asks for an update of the list of tasks", `${COMPLETE}Update tasks.md`],
  ])("%s, so the end says what differs, without repetitions", (_, own) => {
    const prompt = renderPrompt(chooseTemplate(own).template, VALUES);
    expect(prompt.startsWith(renderPrompt(own, VALUES).trimEnd())).toBe(true);
    expect(prompt).toContain("no GitHub token");
    expect(prompt.split(VALUES.issue_body)).toHaveLength(2);
  });

  it.each([
    ["the title", "{issue_body}{comments}", VALUES.description],
    ["the body", "{description}{comments}", VALUES.issue_body],
    ["comments", "{description}{issue_body}", VALUES.comments],
    ["any of it", "Do what issue {issue_number} says.", VALUES.issue_body],
  ])("has no place for %s", (_, own, part) => {
    expect(renderPrompt(chooseTemplate(own).template, VALUES).split(part)).toHaveLength(2);
  });
});

it.each([
  ["empty", " \n\t\n", /empty/],
  ["binary", "\u007fELF\u0000\u0001{issue_body}", /not text/],
  ["not UTF-8", "caf\uFFFD {issue_body}", /not text/],
  ["huge", "x".repeat(100_001), /100000 characters/],
])("a template that is %s is not used, and the log gives the reason", (_, own, why) => {
  const { template, note } = chooseTemplate(own);
  expect(template).toBe(BUILT_IN_TEMPLATE);
  expect(note).toMatch(why);
});

it("a repository without a template uses the built-in one", () => {
  expect(chooseTemplate(null)).toEqual({ template: BUILT_IN_TEMPLATE, note: null });
});
