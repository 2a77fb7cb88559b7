import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, linksOf } from "./links.mjs";

const root = join(import.meta.dirname, "..");
const OUTSIDE = new Set(["node_modules", "dist", ".tac8", ".turbo", "coverage"]);
const pages = globSync(["**/*.md", ".github/**/*.md"], {
  cwd: root,
  exclude: (name) => name.split(sep).some((part) => OUTSIDE.has(part)),
});
const read = (page) => readFileSync(join(root, page), "utf8");

test.each(pages)("%s: each relative link leads to a file, and to a heading of it", (page) => {
  const broken = linksOf(read(page)).filter(({ path, anchor }) => {
    const target = path === "" ? page : relative(root, join(root, path.startsWith("/") ? "" : dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== null && target.endsWith(".md") && !anchorsOf(read(target)).has(anchor);
  });
  expect(broken).toEqual([]);
});

test("anchors are those of GitHub", () => {
  const text = '# `tac8 up`: its *start*, [and](x.md) more\n## A\n## A\n```sh\n# no heading\n```\n<a id="y"></a>\n';
  expect(anchorsOf(text)).toEqual(new Set(["tac8-up-its-start-and-more", "a", "a-1", "y"]));
});

test("links in code, and links to other hosts, are not followed", () => {
  const text =
    '[a](b.md#c) `[d](e.md)` [`f`](#g) [h](https://i/) ![j](k.png "l")\n```\n[m](n.md)\n```\n<img src="o.svg">\n';
  expect(linksOf(text)).toEqual([
    { path: "b.md", anchor: "c" },
    { path: "", anchor: "g" },
    { path: "k.png", anchor: null },
    { path: "o.svg", anchor: null },
  ]);
});
