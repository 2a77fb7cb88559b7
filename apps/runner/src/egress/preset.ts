/** Hosts that every run may reach: package registries, and hosts from which the installers of common tools download. */
export const REGISTRIES: readonly { readonly what: string; readonly hosts: readonly string[] }[] = [
  {
    what: "npm and Yarn",
    hosts: ["registry.npmjs.org", "registry.yarnpkg.com", "repo.yarnpkg.com", "npm.jsr.io", "jsr.io"],
  },
  { what: "Node.js, Deno and Bun", hosts: ["nodejs.org", "dl.deno.land", "deno.land", "esm.sh"] },
  { what: "PyPI", hosts: ["pypi.org", "files.pythonhosted.org", "bootstrap.pypa.io", "astral.sh"] },
  { what: "conda", hosts: ["conda.anaconda.org", "repo.anaconda.com"] },
  {
    what: "Rust",
    hosts: ["crates.io", "index.crates.io", "static.crates.io", "static.rust-lang.org", "sh.rustup.rs"],
  },
  { what: "Go", hosts: ["proxy.golang.org", "sum.golang.org", "go.dev", "dl.google.com"] },
  {
    what: "Maven and Gradle",
    hosts: [
      "repo.maven.apache.org",
      "repo1.maven.org",
      "central.sonatype.com",
      "plugins.gradle.org",
      "plugins-artifacts.gradle.org",
      "services.gradle.org",
      "downloads.gradle.org",
      "downloads.gradle-dn.com",
      "maven.google.com",
      "api.adoptium.net",
    ],
  },
  { what: "RubyGems", hosts: ["rubygems.org", "index.rubygems.org", "cache.ruby-lang.org"] },
  { what: "Packagist", hosts: ["packagist.org", "repo.packagist.org", "getcomposer.org"] },
  { what: "NuGet", hosts: ["api.nuget.org", "www.nuget.org", "builds.dotnet.microsoft.com", "dot.net"] },
  { what: "Hex and Elixir", hosts: ["hex.pm", "repo.hex.pm", "builds.hex.pm"] },
  { what: "pub.dev", hosts: ["pub.dev", "pub.dartlang.org"] },
  { what: "CocoaPods", hosts: ["cdn.cocoapods.org"] },
  { what: "Hackage", hosts: ["hackage.haskell.org"] },
  { what: "CPAN and CRAN", hosts: ["www.cpan.org", "cpan.metacpan.org", "cran.r-project.org", "cloud.r-project.org"] },
  {
    what: "Debian, Ubuntu and Alpine",
    hosts: [
      "deb.debian.org",
      "security.debian.org",
      "archive.ubuntu.com",
      "security.ubuntu.com",
      "ports.ubuntu.com",
      "dl-cdn.alpinelinux.org",
    ],
  },
  {
    what: "browsers and Electron for tests",
    hosts: [
      "cdn.playwright.dev",
      "playwright.download.prss.microsoft.com",
      "download.cypress.io",
      "cdn.cypress.io",
      "googlechromelabs.github.io",
    ],
  },
  {
    what: "files of GitHub",
    hosts: [
      "codeload.github.com",
      "raw.githubusercontent.com",
      "objects.githubusercontent.com",
      "release-assets.githubusercontent.com",
      "media.githubusercontent.com",
    ],
  },
];

/**
 * Hosts that serve reading and writing under one name. A proxy cannot see inside a TLS tunnel whether git fetches or
 * pushes, so tac8 refuses tunnels to these hosts. It accepts requests for `http://HOST/…`, forwards those that only
 * read, and sends them by https.
 */
export const READ_ONLY: readonly string[] = ["github.com", "gist.github.com", "api.github.com"];

/** For messages and prompts. */
export const PRESET_WORDS = `package registries (${REGISTRIES.map(({ what }) => what).join("; ")}), and http://github.com/… for reading`;
