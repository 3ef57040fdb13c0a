export type { DeleteGroup, InsertGroup, LoggedMessage, Message } from './message.js'
export type { MessageLog, MessageSource } from './message-source.js'
