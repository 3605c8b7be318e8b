/** One article of the shop. Id, name and price never change, whatever the seed. */
export interface Product {
  readonly id: string;
  readonly name: string;
  /** In cents, so that no price ever meets binary fractions. */
  readonly priceCents: number;
}

const ARTICLES: readonly (readonly [name: string, priceCents: number])[] = [
  ['Wireless Mouse', 2499],
  ['Mechanical Keyboard', 8999],
  ['USB-C Cable', 899],
  ['Laptop Stand', 3950],
  ['Noise Cancelling Headphones', 17900],
  ['Phone Case', 1495],
  ['Desk Lamp', 3299],
  ['Water Bottle', 1850],
  ['Running Shoes', 7995],
  ['Yoga Mat', 2790],
  ['Coffee Grinder', 5490],
  ['Chef Knife', 4200],
  ['Backpack', 6450],
  ['Notebook', 650],
  ['Fountain Pen', 3480],
  ['Bluetooth Speaker', 4999],
  ['Webcam', 5900],
  ['Power Bank', 2999],
  ['Rain Jacket', 9900],
  ['Cast Iron Pan', 3890],
  ['Board Game', 2995],
];

const EDITIONS: readonly (readonly [name: string, pricePercent: number])[] = [
  ['Basic', 80],
  ['Classic', 100],
  ['Eco', 115],
  ['Mini', 70],
  ['Pro', 160],
  ['Travel', 95],
  ['Studio', 185],
  ['Max', 210],
];

// Names that break loaders which split on commas, guess encodings, or take words for missing values. All are clean.
const AWKWARD_ARTICLES: typeof ARTICLES = [
  ['T-Shirt, blue, size M', 1495],
  ['Café crème, 250 g', 1290],
  ['27" Monitor', 24900],
  ['Laptop Sleeve 15.6", grey', 3450],
  ['Mug "Best Dad in the World"', 1199],
  ['Kaffeemühle Größe L', 6990],
  ['Party Box 🎉🎈', 899],
  ['Emoji Mug 😀', 1350],
  ['抹茶セット', 2200],
  ['Чайник, 1,7 л', 3180],
  ['كوب شاي', 950],
  ['Crème-brûlée Torch', 4475],
  ['Ångström Ruler', 725],
  ["O'Neill Cap", 2690],
  ['Cable; 2 m; black', 649],
  ['Pen | Pencil Set', 1275],
  ['Tab\tMarked Binder', 1080],
  ['Poster\ntwo lines', 999],
  ['Greeting Card\n"To you",\nthree lines', 375],
  ['Sticker C:\\temp', 299],
  ['Sticker \\N', 310],
  ['Sticker \\.', 325],
  ['=SUM(A1:A9) Mug', 1425],
  ['<b>Bold</b> T-Shirt', 1899],
  ["Robert'); DROP TABLE user_events;--", 1650],
  ['NULL', 120],
  ['NaN Plush', 1999],
  ['0', 50],
  [' Lamp with Spaces ', 5600],
  ['Line\u2028Separator Notebook', 840],
  ['👩‍👩‍👧‍👦 Family Calendar', 1780],
  [`The Longest Name ${'of All '.repeat(34)}`.slice(0, 254).concat('!'), 3333],
];

// Every sixth place, so that awkward names are met among the popular articles too, not only at the far end.
const AWKWARD_EVERY = 6;

function buildCatalogue(): readonly Product[] {
  const articles = EDITIONS.flatMap(([edition, percent]) =>
    ARTICLES.map(([name, cents]): [string, number] => [`${name} ${edition}`, Math.floor((cents * percent) / 100)]),
  );
  AWKWARD_ARTICLES.forEach(([name, cents], index) => {
    articles.splice(index * AWKWARD_EVERY + 1, 0, [name, cents]);
  });
  return articles.map(([name, priceCents], index) => ({
    id: `P${String(index + 1).padStart(4, '0')}`,
    name,
    priceCents,
  }));
}

/** The shop's 200 articles, the most popular first. */
export const CATALOGUE: readonly Product[] = buildCatalogue();
