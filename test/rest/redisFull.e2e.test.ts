import { afterEach, test } from "vitest";
import { REFUSALS, refuseAtEnd } from "../refusingRedis.ts";
import { createWorld, type World } from "../world.ts";

let world: World;
afterEach(() => world.close());

// The first one is test/redisFull.e2e.test.ts.
test.each(REFUSALS.slice(1))(
  "a Redis that is $what when an agent ends: the agent's work is published once, as soon as Redis accepts writes",
  async (refusal) => {
    world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
    await refuseAtEnd(world, refusal);
  },
);
