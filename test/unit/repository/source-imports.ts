import { join, normalize } from 'node:path/posix';

/** What a module imports, or exports from elsewhere: `import`, `import type`, `export … from`, `import(…)`. */
export interface SourceImports {
  /** paths from the root of the repository */
  readonly files: readonly string[];
  /** names of npm packages, without a path inside them */
  readonly packages: readonly string[];
  /** such as `node:fs` */
  readonly builtins: readonly string[];
}

// A statement begins a line; neither quote nor semicolon can stand between the keyword and `from`.
const STATEMENT = /^(?:import\b|export\s+(?:type\s+)?[*{])(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"]+)\1/gm;
const DYNAMIC = /\bimport\(\s*(['"])([^'"]+)\1\s*\)/g;
const LOOKS_LIKE_ONE = /^import\b(?!\.)|^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;\n]*\bfrom\b|\bimport\(/gm;

/**
 * Reads the imports of a TypeScript module.
 * @throws where something looks like an import and was not understood: an edge that is not seen would be an edge allowed
 */
export function importsOf(path: string, text: string): SourceImports {
  const specifiers = [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC)].map((match) => match[2] ?? '');
  const expected = text.match(LOOKS_LIKE_ONE)?.length ?? 0;
  if (specifiers.length !== expected) {
    throw new Error(
      `${path}: ${expected} imports, of which ${specifiers.length} can be read: ${specifiers.join(', ')}`,
    );
  }
  const relative = specifiers.filter((specifier) => specifier.startsWith('.'));
  const builtins = specifiers.filter((specifier) => specifier.startsWith('node:'));
  const packages = specifiers.filter((specifier) => !relative.includes(specifier) && !builtins.includes(specifier));
  return {
    files: relative.map((specifier) => normalize(join(path, '..', specifier))),
    packages: packages.map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier),
    builtins,
  };
}
