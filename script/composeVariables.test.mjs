import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SECRETS, VARIABLES } from "../packages/core/src/config/variables.ts";

const compose = readFileSync(new URL("../docker-compose.yml", import.meta.url), "utf8");

/** Variables for Redis Sentinel and TLS: `docker-compose.runner.yml` has a Redis on another machine. The image sets TAC8_HOME. */
const NOT_HERE = ["REDIS_SENTINEL_PASSWORD", "REDIS_CA_FILE", "TAC8_HOME"];

it.each([...SECRETS, ...VARIABLES].map(({ name }) => name).filter((name) => !NOT_HERE.includes(name)))(
  "a container gets %s, or compose sets it",
  (name) => expect(compose).toMatch(new RegExp(`^ +${name}(_FILE)?:`, "m")),
);
