// What a program in JavaScript does with a table. Prints what it saw as JSON; the test that runs it compares.
import { createRequire } from "node:module";

const require = createRequire(process.env.MODULES + "/");
const { CreateTableCommand, DynamoDBClient, waitUntilTableExists } = require("@aws-sdk/client-dynamodb");
const {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand,
  TransactWriteCommand, UpdateCommand, paginateQuery, paginateScan,
} = require("@aws-sdk/lib-dynamodb");

const client = new DynamoDBClient({
  endpoint: process.env.ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: process.env.ACCOUNT, secretAccessKey: "test" },
});
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
const TableName = "music";
const seen = {};

await client.send(new CreateTableCommand({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "artist", AttributeType: "S" }, { AttributeName: "n", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "artist", KeyType: "HASH" }, { AttributeName: "n", KeyType: "RANGE" }],
}));
seen.exists = (await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName })).state;

const item = {
  artist: "é", n: 1.5, entries: [1, "a", null, { deep: true }], map: { empty: "" }, texts: new Set(["a"]),
  bytes: new Uint8Array([0, 255]), gone: undefined,
};
await documents.send(new PutCommand({ TableName, Item: item }));
const read = (await documents.send(new GetCommand({ TableName, Key: { artist: "é", n: 1.5 } }))).Item;
seen.item = { ...read, texts: [...read.texts], bytes: [...read.bytes] };

const updated = await documents.send(new UpdateCommand({
  TableName, Key: { artist: "é", n: 1.5 }, ReturnValues: "UPDATED_NEW",
  UpdateExpression: "SET #m.#c = :c, entries[0] = entries[0] + :c ADD texts :t",
  ExpressionAttributeNames: { "#m": "map", "#c": "count" },
  ExpressionAttributeValues: { ":c": 7, ":t": new Set(["b"]) },
}));
seen.updated = { ...updated.Attributes, texts: [...updated.Attributes.texts].sort() };

try {
  await documents.send(new DeleteCommand({
    TableName, Key: { artist: "é", n: 1.5 }, ConditionExpression: "attribute_not_exists(artist)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  }));
} catch (error) {
  seen.refused = [error.name, error.message, error.Item.n.N, error.$metadata.httpStatusCode];
}

const puts = Array.from({ length: 25 }, (_, n) => ({ PutRequest: { Item: { artist: "many", n } } }));
seen.unprocessed = (await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }))).UnprocessedItems;
const keys = [3, 4, 99].map((n) => ({ artist: "many", n }));
const got = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys } } }));
seen.batch = got.Responses[TableName].map((each) => each.n).sort();

seen.pages = [];
const query = {
  TableName, KeyConditionExpression: "artist = :a AND n BETWEEN :low AND :high", ScanIndexForward: false,
  ExpressionAttributeValues: { ":a": "many", ":low": 10, ":high": 16 },
};
for await (const page of paginateQuery({ client: documents, pageSize: 3 }, query)) {
  seen.pages.push(page.Items.map((each) => each.n));
}
seen.scanned = 0;
for await (const page of paginateScan({ client: documents, pageSize: 4 }, { TableName })) seen.scanned += page.Count;

try {
  await documents.send(new TransactWriteCommand({ TransactItems: [
    { Put: { TableName, Item: { artist: "new", n: 1 } } },
    { ConditionCheck: { TableName, Key: { artist: "no", n: 1 }, ConditionExpression: "attribute_exists(artist)" } },
  ] }));
} catch (error) {
  seen.cancelled = [error.name, error.CancellationReasons.map((reason) => reason.Code)];
}
console.log(JSON.stringify(seen));
