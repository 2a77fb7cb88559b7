import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../.github/workflows/", import.meta.url);

it.each(readdirSync(folder))("%s: actions by commit, with their version; no permission that is not named", (file) => {
  const text = readFileSync(new URL(file, folder), "utf8");
  for (const [, action] of text.matchAll(/uses: (.*)$/gm))
    expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(text).toMatch(/^permissions: \{\}$/m);
  for (const [, run] of text.matchAll(/run: (.*)$/gm)) expect(run).not.toContain("${{");
});

it("docker-compose.images.yml builds nothing, and has an image for everything that is built without it", () => {
  const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const services = (text) =>
    new Map(
      text
        .slice(text.indexOf("\nservices:\n"), text.search(/\nnetworks:\n|$(?![\s\S])/))
        .split(/\n {2}(?=[a-z-]+:)/)
        .slice(1)
        .map((block) => [block.slice(0, block.indexOf(":")), block]),
    );
  const built = [...services(read("docker-compose.yml"))].filter(([, block]) => /^ {4}build: /m.test(block));
  const images = services(read("docker-compose.images.yml"));
  expect(new Set(images.keys())).toEqual(new Set(built.map(([name]) => name)));
  // An alias does not have the `!reset` of its anchor: compose would build such a service.
  for (const block of images.values()) expect(block).toMatch(/^ {4}build: !reset null\n {4}image: /m);
});

it("docker-compose.runner.yml takes its tunnel from the images that are built, where there are such", () => {
  const text = readFileSync(new URL("../docker-compose.runner.yml", import.meta.url), "utf8");
  const tunnel = text.slice(text.indexOf("\n  redis:\n"), text.indexOf("\n  runner:\n"));
  // Compose pulls a service that has both, and builds it only where that fails.
  expect(tunnel).toMatch(/^ {4}image: \$\{TAC8_IMAGE:\+\$\{TAC8_IMAGE\}-app:\$\{TAC8_VERSION\}\}\n {4}build: /m);
});

it("docker-compose.runner.yml gives the folder with the password of Redis to the tunnel alone", () => {
  const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
  const text = read("docker-compose.runner.yml");
  const tunnel = text.slice(text.indexOf("\n  redis:\n"), text.indexOf("\n  runner:\n"));
  const mount = "      - ${TAC8_REDIS_SECRETS:-secrets}:/run/redis-secrets:ro\n";
  expect(tunnel).toContain(mount);
  expect(`${text}${read("docker-compose.yml")}`.split("TAC8_REDIS_SECRETS:-")).toHaveLength(2);
});
