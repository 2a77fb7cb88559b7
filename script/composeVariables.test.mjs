import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { MODEL_SECRETS, SECRETS, VARIABLES } from "../packages/core/src/config/variables.ts";

const { services } = parse(readFileSync(new URL("../docker-compose.yml", import.meta.url), "utf8"), { merge: true });
const namesOf = (service) => Object.keys(services[service].environment ?? {});

/** Variables for Redis on another machine, which docker-compose.runner.yml sets up. The image sets TAC8_HOME. */
const NOT_HERE = ["REDIS_SENTINEL_PASSWORD", "REDIS_CA_FILE", "TAC8_HOME"];
const documented = [...SECRETS, ...VARIABLES].map(({ name }) => name).filter((name) => !NOT_HERE.includes(name));
const all = Object.keys(services).flatMap(namesOf);
const FILES = MODEL_SECRETS.map((name) => `${name}_FILE`);

it.each(documented)("a container gets %s, or compose sets it", (name) => {
  expect(all.some((one) => one === name || one === `${name}_FILE`)).toBe(true);
});

it("the runner gets everything that an agent needs to reach its model", () => {
  const model = documented.filter((name) => name.startsWith("ANTHROPIC_") || name.startsWith("CLAUDE_"));
  expect(namesOf("runner")).toEqual(expect.arrayContaining([...model, ...FILES]));
});

it("the demo gets none of the user's keys", () => {
  const demo = readFileSync(new URL("../docker-compose.override.yml", import.meta.url), "utf8");
  const { environment } = parse(demo, { merge: true }).services.runner;
  for (const name of [...MODEL_SECRETS, ...FILES]) expect(environment[name]).toBe("");
});
