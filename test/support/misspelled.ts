/** Options with a mistake in one name, and the doors that are to say which. */
import { rejection } from './rejection.js'

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? First | Words<Rest>
  : Text

/** Whoever adds an option and forgets it here is told by the type of the table. */
type Complete<Options, Lists extends readonly string[]> = [keyof Options] extends [
  Words<Lists[number]>,
]
  ? readonly string[]
  : { missing: Exclude<keyof Options, Words<Lists[number]>> }

/** All names of options, in lists with blanks between them. */
export function namesOf<Options>() {
  return <const Lists extends readonly string[]>(...lists: Lists): Complete<Options, Lists> =>
    lists.flatMap((list) => list.split(' ')) as never
}

/** A door that is opened with options, whatever they are; and the names that it knows. */
export type Door = [name: string, open: (options: never) => unknown, names: readonly string[]]

/** Mistakes in one name: its last letter twice, and none of it. */
const misspellings = (name: string) => [`${name}${name.at(-1)}`, name.slice(0, -1)]

/** Every name misspelled once: the error says which, and the nearest name. */
export function testDoors(doors: readonly Door[]): void {
  test.each(doors)('%s', async (_, open, known) => {
    for (const name of known) {
      for (const wrong of misspellings(name)) {
        if (known.includes(wrong)) continue
        const error = await rejection(() => open({ [wrong]: 1 } as never))
        expect({ wrong, error }).toMatchObject({ error: { code: 'InvalidArgument' } })
        expect(error.message).toContain(`"${wrong}"`)
        expect(error.message).toContain(`Did you mean "${name}"?`)
      }
    }
  })
}
