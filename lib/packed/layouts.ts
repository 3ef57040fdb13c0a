/** Layouts of files (see `PackedWriterOptions.layout`), the default first. */
export const LAYOUTS = ['milvus', 'fast', 'small'] as const

/** One of {@link LAYOUTS}. */
export type Layout = (typeof LAYOUTS)[number]

/** What each layout takes where the caller says nothing. */
export const LAYOUT_DEFAULTS: Readonly<
  Record<Layout, { level: number; rowGroupBytes: number; bufferBytes: number }>
> = {
  milvus: { level: 3, rowGroupBytes: 1 << 20, bufferBytes: 32 << 20 },
  fast: { level: 1, rowGroupBytes: 64 << 20, bufferBytes: 128 << 20 },
  small: { level: 9, rowGroupBytes: 128 << 20, bufferBytes: 256 << 20 },
}
