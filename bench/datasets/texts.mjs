/** Text that looks like text: words of a vocabulary, some far more frequent than others. */
import { Random } from './random.mjs'

const WORDS = 4000
const LONGEST = 80

function makeVocabulary() {
  const random = new Random('vocabulary')
  const pick = (letters) => letters[random.below(letters.length)]
  const words = new Set()
  while (words.size < WORDS) {
    let word = ''
    for (let left = 1 + random.below(4); left > 0; left--) {
      word += pick('bcdfghklmnprstvwz') + pick('aeiou')
    }
    words.add(random.uniform() < 0.4 ? word + pick('bcdfghklmnprstvwz') : word)
  }
  return Array.from(words, (word) => Buffer.from(`${word} `))
}

let vocabulary

/** Between `fewest` and `most` words, at most 80 bytes. */
export function titleText(fewest, most) {
  vocabulary ??= makeVocabulary()
  return (random, bytes, start) => {
    let end = start
    for (let left = fewest + random.below(most - fewest); left > 0; left--) {
      // The power makes the first words frequent, like Zipf's law.
      const word = vocabulary[random.below(Math.max(1, WORDS * random.uniform() ** 2.2))]
      if (end - start + word.length > LONGEST) break
      bytes.set(word, end)
      end += word.length
    }
    return end - 1
  }
}

/** One of `count` names, the first ones most often. */
export function categoryText(prefix, count) {
  const names = Array.from({ length: count }, (_, i) =>
    Buffer.from(`${prefix}-${String(i).padStart(3, '0')}`),
  )
  return (random, bytes, start) => {
    const name = names[Math.min(Math.floor(random.exponential(33)), count - 1)]
    bytes.set(name, start)
    return start + name.length
  }
}

const LANGUAGES = ['en', 'de', 'fr', 'zh', 'ja', 'es', 'pt', 'ru']

export function metaText() {
  return (random, bytes, start) => {
    const text =
      `{"src":"crawl-${random.below(24)}","lang":"${LANGUAGES[random.below(8)]}",` +
      `"uid":"${100_000_000_000 + random.below(900_000_000_000)}","len":${random.below(100_000)},` +
      `"score":0.${random.below(10_000)},"tags":["t${random.below(50)}","t${random.below(50)}"],` +
      `"ok":${random.uniform() < 0.5}}`
    return start + bytes.latin1Write(text, start)
  }
}
