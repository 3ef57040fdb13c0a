export { deltaDecode, deltaEncode } from './delta.js'
export {
  DictionaryEncoder,
  type DictionaryEncoderOptions,
  type DictionaryValue,
} from './dictionary-encoder.js'
