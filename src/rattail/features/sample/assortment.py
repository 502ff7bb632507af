"""What a grocery store sells, as material for a generated one: departments, brands, names, sizes, prices."""

from typing import Literal, NamedTuple

Numbering = Literal["gtin", "plu", "weighed"]


class Family(NamedTuple):
    """Goods that are alike. Every combination of a brand, a kind, a name and a size is a product.

    `cents` is the lowest and the highest shelf price of one unit; `margin` the share of it, in percent, that
    the store keeps; `organic` how many in a hundred are organic.
    """

    names: str
    kinds: str
    sizes: str
    brands: str
    cents: tuple[int, int]
    margin: tuple[int, int] = (28, 42)
    cases: tuple[int, ...] = (6, 8, 12)
    organic: int = 30
    unit: str = "each"
    numbering: Numbering = "gtin"


class Aisle(NamedTuple):
    """One department and what it sells; `weight` is its share of the assortment."""

    code: str
    name: str
    weight: int
    tax_code: str
    is_food_stamp: bool
    families: tuple[Family, ...]


_PANTRY = "Prairie Larder|Copper Kettle|Old Mill Lane|Sunfold|Harrow & Hearth|Tall Pine|Bluestem|Granny Ilse|Fieldnote"
_WORLD = "Casa Morela|Lotus Gate|Olivella|Kaya Spice|Monte Chiaro|Saffron Road House|Tierra Buena|Nordhavn"
_SNACK = "Crackle Creek|Happy Otter|Trailmark|Salt & Sparrow|Kettle Crow|Popwell|Little Badger|Nutting Hill"
_DAIRY = "Clover Bend|Hillcrest Creamery|Valley Spring|White Barn|Otter Brook|Meadow & Pail|Skyr Lodge"
_FROZEN = "Frostfield|Northern Pantry|Quick Hearth|Snowberry|Amaia's|Dumpling Row|Glacier Farms"
_DRINK = "Wild Tonic|Riverstone|Juniper & Co|Zest Works|Brewmoor|Tea Cartel|Sparkling Fern|Root & Bean"
_BODY = "Lavender Lane|Birch & Balm|Clearwell|Sea Willow|Honeydrop|Gentle Goat|Aloe Atelier"
_VITAMIN = "Vita Meridian|Green Mortar|Pure Ledger|Ember Root|Northstar Naturals|Herbary"
_HOME = "Bright Broom|Leaf & Lather|Everclean|Tidy Fox|Good Hand|Seventh Hill"
_BREAD = "Stone Oven|Grain & Ember|Village Loaf|Crumb Society|Morning Mill"
_DELI = "Market Kitchen|Corner Deli|Olive Street|Piccolo"
_MEAT = "Rolling Acre|Cedar Ridge|Butcher's Table|Lone Oak|Free Meadow"
_SEA = "Harbor Light|North Cape|Tidewater|Captain Elin"
_PRODUCE = "Green Furrow|Dewdrop Farms|Sunrise Valley|Little Sprout"

AISLES: tuple[Aisle, ...] = (
    Aisle(
        "10",
        "Grocery",
        26,
        "",
        True,
        (
            Family(
                "Black Beans|Chickpeas|Kidney Beans|Lentils|Diced Tomatoes|Tomato Sauce|Sweet Corn|Green Peas|Pumpkin",
                "|No Salt Added|Fire Roasted|Low Sodium|With Garlic|Spicy|With Basil",
                "15 oz|28 oz|8 oz",
                _PANTRY,
                (119, 449),
                cases=(12, 24),
            ),
            Family(
                "Spaghetti|Penne|Fusilli|Linguine|Egg Noodles|Macaroni|Rice Noodles|Soba|Couscous",
                "|Whole Wheat|Gluten Free|Spinach|Lentil|Chickpea|Brown Rice",
                "8 oz|12 oz|16 oz",
                _WORLD + "|" + _PANTRY,
                (149, 599),
                cases=(10, 12, 20),
            ),
            Family(
                "Marinara|Pesto|Curry Sauce|Salsa|Hot Sauce|Mustard|Ketchup|Olive Oil|Cider Vinegar|Soy Sauce|Tahini",
                "|Mild|Medium|Hot|Roasted Garlic|Classic|Unfiltered|Reduced Sodium|Smoky",
                "9 oz|12 oz|16 oz|32 oz",
                _WORLD,
                (299, 1399),
            ),
            Family(
                "Granola|Muesli|Oat Rings|Corn Flakes|Rolled Oats|Bran Flakes|Puffed Millet|Instant Oatmeal",
                "|Maple|Honey Nut|Cinnamon|Blueberry|Vanilla Almond|Cocoa|Apple Raisin|Unsweetened",
                "10 oz|12 oz|18 oz",
                _PANTRY,
                (349, 799),
            ),
            Family(
                "Chicken Broth|Vegetable Broth|Tomato Soup|Minestrone|Lentil Soup|Miso Soup|Bone Broth|Chili",
                "|Low Sodium|Creamy|Hearty|Vegan|Spicy",
                "14.5 oz|17 oz|32 oz",
                _PANTRY,
                (229, 699),
            ),
        ),
    ),
    Aisle(
        "12",
        "Snacks",
        14,
        "",
        True,
        (
            Family(
                "Tortilla Chips|Potato Chips|Pretzels|Popcorn|Pita Chips|Veggie Straws|Crackers|Rice Cakes|Trail Mix",
                "|Sea Salt|Lime|Jalapeno|White Cheddar|Barbecue|Multigrain|Sweet Potato|Rosemary|No Salt",
                "5 oz|7 oz|12 oz",
                _SNACK,
                (249, 649),
                cases=(9, 12),
            ),
            Family(
                "Dark Chocolate|Milk Chocolate|Protein Bar|Fruit Bar|Cookies|Gummies|Peanut Butter Cups|Licorice",
                "|Almond|Sea Salt|Raspberry|Mint|Orange|Coconut|Hazelnut|Ginger|Espresso",
                "1.4 oz|2.8 oz|6 oz",
                _SNACK + "|Cacao Ledger|Bitter & Sweet",
                (149, 749),
                cases=(12, 15),
            ),
        ),
    ),
    Aisle(
        "14",
        "Beverages",
        10,
        "SODA",
        True,
        (
            Family(
                "Sparkling Water|Kombucha|Root Beer|Ginger Ale|Lemonade|Iced Tea|Cold Brew|Coconut Water|Green Tea",
                "|Lime|Grapefruit|Ginger|Peach|Hibiscus|Elderflower|Unsweetened|Cherry|Raspberry",
                "12 fl oz|16 fl oz|33.8 fl oz|4 x 12 fl oz",
                _DRINK,
                (129, 799),
                cases=(6, 12, 24),
            ),
        ),
    ),
    Aisle(
        "20",
        "Dairy",
        9,
        "",
        True,
        (
            Family(
                "Yogurt|Greek Yogurt|Kefir|Skyr|Cottage Cheese|Sour Cream|Cream Cheese|Oat Yogurt",
                "|Plain|Vanilla|Strawberry|Blueberry|Peach|Honey|Nonfat|Lemon",
                "5.3 oz|8 oz|16 oz|32 oz",
                _DAIRY,
                (119, 649),
                cases=(6, 12),
            ),
            Family(
                "Milk|Oat Drink|Almond Drink|Goat Milk|Buttermilk",
                "|Whole|2%|Skim|Lactose Free|Barista|Vanilla",
                "16 fl oz|32 fl oz|64 fl oz",
                _DAIRY,
                (249, 899),
                margin=(22, 32),
            ),
            Family(
                "Butter|Ghee|Cultured Butter|Margarine",
                "|Salted|Unsalted|Whipped|Grass Fed",
                "8 oz|16 oz",
                _DAIRY,
                (349, 899),
                margin=(22, 32),
            ),
            Family(
                "Eggs",
                "Large|Extra Large|Free Range|Pasture Raised|Brown|Jumbo",
                "6 ct|12 ct|18 ct",
                _DAIRY,
                (299, 899),
                margin=(20, 30),
                cases=(12, 15),
            ),
        ),
    ),
    Aisle(
        "22",
        "Cheese",
        4,
        "",
        True,
        (
            Family(
                "Cheddar|Gouda|Brie|Feta|Parmesan|Swiss|Provolone|Mozzarella|Blue|Havarti|Manchego|Pepper Jack",
                "Aged|Mild|Smoked|Raw Milk|Double Cream|Herbed",
                "per lb",
                _DAIRY,
                (899, 2499),
                margin=(32, 42),
                cases=(5, 10),
                organic=10,
                unit="pound",
                numbering="weighed",
            ),
            Family(
                "Shredded Mozzarella|Sliced Cheddar|String Cheese|Goat Cheese Log|Cream Cheese Spread",
                "|Farmhouse|Reduced Fat|Garlic & Herb|Smoked",
                "4 oz|6 oz|8 oz",
                _DAIRY,
                (299, 799),
            ),
        ),
    ),
    Aisle(
        "25",
        "Frozen",
        9,
        "",
        True,
        (
            Family(
                "Pizza|Burrito|Lasagna|Veggie Burger|Pot Pie|Dumplings|Pad Thai|Samosas|Waffles",
                "|Margherita|Spinach|Black Bean|Mushroom|Four Cheese|Gluten Free|Vegan|Chicken",
                "6 oz|9 oz|12 oz|16 oz",
                _FROZEN,
                (349, 1199),
                cases=(8, 12),
            ),
            Family(
                "Ice Cream|Sorbet|Frozen Peas|Frozen Mango|Mixed Berries|Edamame|Hash Browns|Gelato",
                "|Vanilla|Chocolate|Strawberry|Salted Caramel|Mint Chip|Petite|Wild",
                "10 oz|14 fl oz|16 oz|32 oz",
                _FROZEN,
                (299, 899),
                cases=(8, 12),
            ),
        ),
    ),
    Aisle(
        "30",
        "Produce",
        4,
        "",
        True,
        (
            Family("", "", "", "", (69, 599), (32, 45), (1,), 45, "pound", "plu"),
            Family(
                "Salad Mix|Baby Spinach|Spring Mix|Cherry Tomatoes|Mini Peppers|Baby Carrots|Mushrooms|Sprouts|Slaw",
                "|Triple Washed|Family Size|Rainbow|Sliced|Chopped|With Herbs",
                "4 oz|5 oz|10 oz|16 oz",
                _PRODUCE,
                (199, 699),
                margin=(32, 45),
                organic=60,
            ),
        ),
    ),
    Aisle(
        "35",
        "Bulk",
        3,
        "",
        True,
        (
            Family(
                "Almonds|Cashews|Walnuts|Rolled Oats|Brown Rice|Quinoa|Red Lentils|Black Beans|Sunflower Seeds|Raisins",
                "|Raw|Roasted|Salted|Sprouted|Coarse|Fine|Fair Trade",
                "per lb",
                "Bulk",
                (149, 1499),
                margin=(30, 45),
                cases=(25, 50),
                organic=60,
                unit="pound",
                numbering="plu",
            ),
        ),
    ),
    Aisle(
        "40",
        "Meat & Seafood",
        5,
        "",
        True,
        (
            Family(
                "Ground Beef|Chicken Breast|Chicken Thighs|Pork Chops|Ribeye Steak|Lamb Shoulder|Turkey Breast",
                "|Boneless|Bone-In|Grass Fed|Family Pack|Lean|Marinated",
                "per lb",
                _MEAT,
                (399, 2699),
                margin=(24, 34),
                cases=(10, 20),
                organic=15,
                unit="pound",
                numbering="weighed",
            ),
            Family(
                "Salmon Fillet|Cod|Shrimp|Tilapia|Tuna Steak|Smoked Salmon|Crab Cakes",
                "|Wild|Farmed|Skin-On|Peeled",
                "per lb",
                _SEA,
                (799, 3299),
                margin=(26, 36),
                cases=(5, 10),
                organic=0,
                unit="pound",
                numbering="weighed",
            ),
        ),
    ),
    Aisle(
        "45",
        "Bakery & Deli",
        6,
        "",
        True,
        (
            Family(
                "Sourdough|Whole Wheat Bread|Bagels|Tortillas|Pita|Hamburger Buns|English Muffins|Rye Bread|Baguette",
                "|Sesame|Sprouted|Multigrain|Cinnamon Raisin|Everything|Gluten Free|Seeded",
                "10 oz|16 oz|20 oz|24 oz",
                _BREAD,
                (299, 799),
                margin=(30, 45),
            ),
            Family(
                "Hummus|Potato Salad|Olives|Guacamole|Tofu|Tempeh|Seitan|Tabbouleh|Quiche",
                "|Classic|Roasted Pepper|Garlic|Spicy|Lemon|Smoked",
                "7 oz|8 oz|10 oz",
                _DELI,
                (299, 899),
            ),
        ),
    ),
    Aisle(
        "60",
        "Body Care & Vitamins",
        7,
        "TAX",
        False,
        (
            Family(
                "Shampoo|Conditioner|Body Lotion|Bar Soap|Hand Soap|Toothpaste|Deodorant|Lip Balm|Sunscreen|Face Wash",
                "|Lavender|Unscented|Peppermint|Tea Tree|Citrus|Rosemary|Coconut|Oat Milk",
                "3.4 fl oz|8 fl oz|12 fl oz|16 fl oz",
                _BODY,
                (299, 1899),
                margin=(36, 48),
                cases=(3, 6),
                organic=20,
            ),
            Family(
                "Vitamin C|Vitamin D3|Magnesium|Zinc|Probiotic|Turmeric|Elderberry|Fish Oil|Multivitamin|Melatonin",
                "|Gummies|Capsules|Tablets|Liquid|Chewable|Extra Strength",
                "30 ct|60 ct|90 ct|120 ct",
                _VITAMIN,
                (699, 3999),
                margin=(38, 50),
                cases=(1, 3, 6),
                organic=15,
            ),
        ),
    ),
    Aisle(
        "70",
        "Household",
        3,
        "TAX",
        False,
        (
            Family(
                "Dish Soap|Laundry Detergent|All Purpose Cleaner|Paper Towels|Bath Tissue|Trash Bags|Sponges|Candles",
                "|Lemon|Free & Clear|Lavender|Eucalyptus|Recycled|Extra Large|Unscented",
                "1 ct|6 ct|16 fl oz|25 fl oz|50 fl oz",
                _HOME,
                (249, 1799),
                cases=(4, 6, 12),
                organic=0,
            ),
        ),
    ),
)
