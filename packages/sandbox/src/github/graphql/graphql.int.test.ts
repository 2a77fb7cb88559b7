import { afterEach, beforeEach, expect, it } from "vitest";
import { testGitHub, type TestGitHub } from "../server/test-github.ts";

let world: TestGitHub;
beforeEach(async () => {
  world = await testGitHub();
});
afterEach(() => world.close());

const HISTORY = `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $number) {
      title body lastEditedAt includesCreatedEdit
      editor { __typename login }
      userContentEdits(first: 2) { nodes { editor { login } diff deletedAt } pageInfo { hasNextPage } }
      timelineItems(last: 1, itemTypes: [RENAMED_TITLE_EVENT]) {
        nodes { ... on RenamedTitleEvent { actor { __typename login } previousTitle currentTitle } }
        pageInfo { hasPreviousPage }
      }
      comments(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) {
        nodes { url userContentEdits(first: 10) { nodes { diff editor { login } } } }
        pageInfo { hasNextPage }
      }
    }
  }
}`;

const query = async (text: string, { number = 1, token = "octo-token", path = "/graphql" } = {}) => {
  const body = { query: text, variables: { owner: "octo", repo: "thing", number } };
  return (await world.ask("POST", path, { token, body })).data;
};

it("lists the edits of a text that others than its author made, the newest first, with the text after each", async () => {
  const { github, repo } = world;
  const ask = world.ask.bind(world);
  github.openIssue({ repo, title: "A bug", body: "first", author: "stranger" });
  await ask("PATCH", `/repos/${repo}/issues/1`, { body: { body: "second" }, token: "stranger-token" });
  await ask("PATCH", `/repos/${repo}/issues/1`, { body: { body: "third", title: "Two" }, token: "helper-token" });
  await ask("PATCH", `/repos/${repo}/issues/1`, { body: { body: "third" }, token: "octo-token" });
  github.addUser({ login: "tidy[bot]" });
  github.editIssue({ repo, number: 1, actor: "tidy[bot]", title: "Three" });
  const one = github.comment({ repo, number: 1, actor: "stranger", body: "hello" });
  github.advanceClock(2000);
  github.comment({ repo, number: 1, actor: "octo", body: "hi" });
  github.advanceClock(2000);
  await ask("PATCH", `/repos/${repo}/issues/comments/${one.id}`, { body: { body: "changed" }, token: "helper-token" });
  expect(await query(HISTORY)).toMatchObject({
    data: {
      repository: {
        issue: {
          title: "Three",
          body: "third",
          includesCreatedEdit: true,
          editor: { __typename: "User", login: "helper" },
          userContentEdits: {
            nodes: [
              { editor: { login: "helper" }, diff: "third", deletedAt: null },
              { editor: { login: "stranger" }, diff: "second", deletedAt: null },
            ],
            pageInfo: { hasNextPage: true },
          },
          timelineItems: {
            nodes: [{ actor: { __typename: "Bot", login: "tidy" }, previousTitle: "Two", currentTitle: "Three" }],
            pageInfo: { hasPreviousPage: true },
          },
          comments: {
            nodes: [
              {
                url: expect.stringMatching(new RegExp(`#issuecomment-${one.id}$`)) as unknown,
                userContentEdits: {
                  nodes: [
                    { diff: "changed", editor: { login: "helper" } },
                    { diff: "hello", editor: { login: "stranger" } },
                  ],
                },
              },
            ],
            pageInfo: { hasNextPage: true },
          },
        },
      },
    },
  });
});

it("keeps an edit whose text was deleted from the history, and one of an account that was deleted", async () => {
  const { github, repo } = world;
  github.openIssue({ repo, title: "A bug", body: "first", author: "stranger" });
  github.editIssue({ repo, number: 1, actor: null, body: "second" });
  github.deleteRevision({ repo, number: 1, index: 1 });
  expect(await query(HISTORY)).toMatchObject({
    data: {
      repository: {
        issue: {
          editor: null,
          userContentEdits: {
            nodes: [
              { editor: null, diff: null, deletedAt: expect.any(String) as unknown },
              { editor: { login: "stranger" }, diff: "first" },
            ],
          },
        },
      },
    },
  });
});

it("has no edits of what was never edited", async () => {
  world.github.openIssue({ repo: world.repo, title: "A bug" });
  expect(await query(HISTORY)).toMatchObject({
    data: {
      repository: {
        issue: { lastEditedAt: null, includesCreatedEdit: false, editor: null, userContentEdits: { nodes: [] } },
      },
    },
  });
});

it("answers errors as GitHub does: with status 200", async () => {
  const { github, repo } = world;
  github.openIssue({ repo, title: "A bug" });
  const mine = github.addToken({ login: "octo", areas: { issues: "none" } });
  const issue =
    'query ($number: Int!) { repository(owner: "octo", name: "thing") { issue(number: $number) { title } } }';
  expect(await query(issue, { number: 99 })).toMatchObject({
    data: { repository: { issue: null } },
    errors: [{ type: "NOT_FOUND", path: ["repository", "issue"] }],
  });
  expect(await query(issue, { token: mine })).toMatchObject({
    data: { repository: { issue: null } },
    errors: [{ type: "FORBIDDEN", message: "Resource not accessible by personal access token" }],
  });
  expect(await query(issue.replace("title", "titel"))).toEqual({
    errors: [{ message: "Field 'titel' doesn't exist on type 'Issue'", extensions: { code: "undefinedField" } }],
  });
  expect(await query("{ viewer { login }")).toMatchObject({ errors: [{ extensions: { code: "parseError" } }] });
  expect(await query("query Me { viewer { login } }", { path: "/api/graphql" })).toEqual({
    data: { viewer: { login: "octo" } },
  });
});
