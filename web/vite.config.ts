// Builds the page into dist/: index.html, and under "-/" what it loads, each file beside its .gz and .br.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

// Once here instead of at each request, so at the coders' best.
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    configResolved(config) { folder = config.build.outDir; },
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|css|js)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        const size = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params: size }));
      }
    },
  };
}

export default defineConfig({
  base: "./",  // a proxy may put the page below a prefix
  plugins: [compressed()],
  build: {
    target: "es2022",
    assetsDir: "-",
    assetsInlineLimit: 0,  // the page's policy allows nothing inline
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,  // kB before compression, of which the editor is most
  },
});
