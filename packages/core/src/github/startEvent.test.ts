import { expect, it } from "vitest";
import { renderMarker } from "../domain/marker.ts";
import { findStartEvent, firstTrusted } from "./startEvent.ts";
import type { Comment, IssueEvent } from "./types.ts";

const event = (id: number, actor: string): IssueEvent => ({ id, actor, actorType: "User", at: "2026-11-01T00:00:00Z" });
const asked: string[] = [];
const trusts = (name: string) => async (login: string) => {
  asked.push(login);
  return login.toLowerCase() === name;
};

it("is the newest event of an account that may start work, and each account is asked about once", async () => {
  asked.length = 0;
  const events = [event(9, "stranger"), event(8, "Stranger"), event(7, "Ann"), event(6, "ann")];
  expect(await firstTrusted(events, trusts("ann"))).toMatchObject({ id: 7 });
  expect(asked).toEqual(["stranger", "Ann"]);
});

it("is none without such an account, and a bounded number is asked about", async () => {
  expect(await firstTrusted([], trusts("ann"))).toBeNull();
  asked.length = 0;
  const many = Array.from({ length: 50 }, (_, index) => event(100 - index, `user${index}`));
  expect(await firstTrusted([...many, event(1, "ann")], trusts("ann"))).toBeNull();
  expect(asked).toHaveLength(10);
});

it("is also an event of a label that was the trigger once, if our own comment names it", async () => {
  const marker = renderMarker({
    v: 1,
    kind: "status",
    run: "",
    outcome: null,
    label_event_id: 3,
    published_sha: null,
    question_id: null,
  });
  const of = (events: IssueEvent[], author: string) => {
    const comments = [{ id: 1, body: `${marker}\nQueued.`, author: { login: author } }] as Comment[];
    const github = {
      labeledEvents: async (_repo: unknown, _number: unknown, label: string | null) => (label === null ? events : []),
      comments: async () => comments,
    };
    const ref = { owner: "octo", repo: "widgets", number: 1 };
    return findStartEvent(github, { ref, label: "new-name", login: "tac8", mayLabel: trusts("ann") });
  };
  const labelled = [event(3, "ann")];
  expect(await of(labelled, "tac8")).toMatchObject({ id: 3 });
  expect(await of(labelled, "stranger")).toBeNull();
  expect(await of([event(3, "stranger"), event(2, "ann")], "tac8")).toBeNull();
});
