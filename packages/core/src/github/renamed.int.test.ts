import { afterEach, expect } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { startServer, type TestServer } from "./httpServer.fixture.ts";

const repo = { owner: "o", repo: "r" };
let server: TestServer;
afterEach(() => server.close());

type Event = readonly [kind: "labeled" | "unlabeled", label: string, actor: string];

/** The newest event of the label `go`, as `id by actor`. Ids count up from 1. */
async function newest(events: readonly Event[], exists: readonly string[] = ["go", "bug"]) {
  server = await startServer(({ path }) => {
    const label = /\/labels\/(.*)$/.exec(path)?.[1];
    if (label !== undefined) return exists.includes(label) ? { json: { name: label } } : { status: 404, json: {} };
    const raw = ([event, name, login]: Event, index: number) => ({
      id: index + 1,
      event,
      actor: { login, type: "User" },
      created_at: "2026-11-01T00:00:00Z",
      label: { name },
    });
    return { json: events.map(raw) };
  });
  const found = await server.client().newestLabeledEvent(repo, 7, "go");
  await server.close();
  return found === null ? null : `${found.id} by ${found.actor}`;
}

fieldTest("C1", "a label that was renamed since is found by the name of its event, where that is certain", async () => {
  expect(await newest([["labeled", "old", "ann"]])).toBe("1 by ann");
  expect(
    await newest([
      ["labeled", "bug", "ann"],
      ["labeled", "old", "bob"],
    ]),
  ).toBe("2 by bob");
  // Its own name counts before any other.
  expect(
    await newest([
      ["labeled", "go", "ann"],
      ["labeled", "old", "bob"],
    ]),
  ).toBe("1 by ann");
  // Taken off, and back on by a new name.
  expect(
    await newest([
      ["labeled", "go", "ann"],
      ["unlabeled", "go", "ann"],
      ["labeled", "old", "bob"],
    ]),
  ).toBe("3 by bob");
  expect(
    await newest([
      ["labeled", "old", "bob"],
      ["labeled", "go", "ann"],
      ["unlabeled", "go", "ann"],
    ]),
  ).toBe("2 by ann");
  // Two have vanished: which of them is meant is certain only where both are the same account's.
  expect(
    await newest([
      ["labeled", "old", "ann"],
      ["labeled", "older", "Ann"],
    ]),
  ).toBe("2 by Ann");
  expect(
    await newest([
      ["labeled", "old", "ann"],
      ["labeled", "older", "bob"],
    ]),
  ).toBeNull();
  // Labels that are there, or were taken off again, are none of it.
  expect(await newest([["labeled", "bug", "ann"]])).toBeNull();
  expect(
    await newest([
      ["labeled", "old", "ann"],
      ["unlabeled", "old", "ann"],
    ]),
  ).toBeNull();
  expect(await newest([])).toBeNull();
});

fieldTest("C1", "the questions about labels are bounded", async () => {
  const many = Array.from({ length: 50 }, (_, index) => ["labeled", `l${index}`, "ann"] as const);
  expect(await newest(many)).toBeNull();
  expect(server.seen).toHaveLength(1);
});
