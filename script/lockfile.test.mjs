import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
const downloaded = Object.entries(JSON.parse(text).packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && !link,
);

it("has a checksum of every package that npm downloads", () => {
  expect(downloaded.length).toBeGreaterThan(100);
  const unchecked = downloaded.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

it("names no registry, so each machine uses its own", () => {
  expect(text).not.toMatch(/"resolved": "https?:/);
});

it("lets npm install optional packages with any Node, because the Node of the lockfile runs them", () => {
  const limited = downloaded.filter(([, { optional, engines }]) => optional && engines);
  expect(limited.map(([path]) => path)).toEqual([]);
});
