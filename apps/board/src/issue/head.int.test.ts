import { afterEach, expect, test } from "vitest";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { ask, Cleanup, setUpBoard, setUpRedis } from "../board.fixture.ts";
import { paintScene } from "../scene.fixture.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function setUp() {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  await paintScene({ redis, now: Date.now(), owner: "octo", repo: "hello" });
  const show = async (number: number) => (await ask(`${url}/issues/octo/hello/${number}`)).body;
  return { redis, show };
}

test("a question keeps its line breaks and links to its issue until it has a reply", async () => {
  const { redis, show } = await setUp();
  const store = createIssueStore(redis);
  await store.writeIf("octo.hello.455", {}, { "question.text": "Which one?\n- ODB++\n- Gerber" });
  const button = '<a class="button primary" href="https://github.com/octo/hello/issues/455">Reply on GitHub</a>';
  const asking = await show(455);
  expect(asking).toContain('<p class="question">Which one?\n- ODB++\n- Gerber</p>');
  expect(asking).toContain(button);

  await store.writeIf("octo.hello.455", {}, { "question.reply": { commentId: 1, author: "ann", text: "Both." } });
  const answered = await show(455);
  expect(answered).not.toContain('<p class="question">');
  expect(answered).not.toContain(button);
});

test("an answer is shown line by line, as it is on the issue", async () => {
  const { redis, show } = await setUp();
  const store = createIssueStore(redis);
  await store.writeIf("octo.hello.470", {}, { state: "queued" }); // Its run ended before, with a pull request.
  await store.writeIf(
    "octo.hello.470",
    {},
    { state: "answered", "pull.url": null, "pull.number": null, "work.summary": "It works:\n- <b>" },
  );
  const page = await show(470);
  expect(page).toContain('<p class="question">It works:\n- &lt;b&gt;</p>');
  expect(page).toContain('title="the agent made no changes; its answer is a comment on the issue">answered</span>');
});

test("hosts to which agents were refused connections are listed, with counts", async () => {
  const { redis, show } = await setUp();
  expect(await show(470)).not.toContain("blocked-hosts");
  const blockedHosts = [
    { host: "evil.example", times: 3 },
    { host: "<b>.example", times: 1 },
  ];
  await createIssueStore(redis).writeIf("octo.hello.470", {}, { "agent.blockedHosts": blockedHosts });
  expect(await show(470)).toContain("blocked: evil.example, 3 times; &lt;b&gt;.example, once</p>");
});

test("the reason of a finished issue links to its pull request", async () => {
  const { show } = await setUp();
  const pull = "https://github.com/octo/hello/pull/510";
  expect(await show(470)).toContain(`<a href="${pull}">${pull}</a>`);
});
