import { afterEach, expect, test } from "vitest";
import { runStreamKey } from "@tac8/core/state/keys";
import { Cleanup, setUpRedis } from "../board.fixture.ts";
import { LiveConversation } from "./liveConversation.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("an entry has the same id for every reader, also if a later entry has the same text", async () => {
  const { redis } = await setUpRedis(cleanup);
  const say = (at: number, text: string) =>
    redis.xadd(runStreamKey("r"), "*", "event", JSON.stringify({ at, kind: "notice", text, topic: "retry" }));
  const ids = ({ entries }: LiveConversation) => entries.map(({ id }) => id);
  const followed = new LiveConversation(redis, "r");
  await say(1000, "retry 1");
  await followed.advance();
  const first = ids(followed);
  await say(2000, "retry 2");
  await followed.advance();
  const fresh = new LiveConversation(redis, "r");
  await fresh.advance();
  expect([ids(followed), ids(fresh)]).toEqual([first, first]);
  expect(fresh.entries[0]?.entry).toMatchObject({ times: 2, event: { text: "retry 2" } });
});
