//===- InPanelsTest.cpp - Codes stored with rows side by side -------------===//

#include "zq/Codec/InPanels.h"
#include "TestSymbols.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/RegisterRans.h"
#include "zq/Codec/Window.h"

using namespace zq::codec;

static InPanels inPanels(int64_t lanes, int64_t depth,
                         std::shared_ptr<const Stage> coder) {
  return InPanels(lanes, depth, std::move(coder));
}

static std::shared_ptr<const Stage> bytesAsTheyAre() {
  return std::make_shared<Pack>(8, PackLayout());
}

TEST(InPanels, PutsRowsSideBySide) {
  Array input = bytes(
      {3, 5}, {11, 12, 13, 14, 15, 21, 22, 23, 24, 25, 31, 32, 33, 34, 35});
  Encoded e = encodeStage(inPanels(2, 4, bytesAsTheyAre()), input);
  EXPECT_TRUE(e.sides.empty());
  EXPECT_EQ(e.main.shape, (Shape{2, 16}));
  EXPECT_EQ(toInts(e.main),
            (std::vector<int>{11, 12, 13, 14, 21, 22, 23, 24, 15, 0, 0,
                              0,  25, 0,  0,  0,  31, 32, 33, 34, 0, 0,
                              0,  0,  35, 0,  0,  0,  0,  0,  0,  0}));
}

TEST(InPanels, RoundTripsOnAwkwardShapes) {
  std::vector<std::shared_ptr<const Stage>> coders{
      std::make_shared<RegisterRans>(8, 64, 1),
      std::make_shared<Window>(8, std::vector<int>{2, 3}, WindowKind::Palette,
                               64),
      bytesAsTheyAre()};
  for (const Shape &shape : {Shape{3, 1000}, Shape{1, 1}, Shape{17, 5},
                             Shape{0, 7}, Shape{7, 0}, Shape{33, 64}}) {
    Array symbols(ElementType::I8, shape);
    for (int64_t i = 0; i < symbols.size(); ++i)
      symbols.set(i, uint8_t(i * i / 7));
    for (const auto &coder : coders) {
      // Nothing says how often no symbol occurs.
      if (symbols.size())
        expectRoundTrip(inPanels(16, 4, coder), symbols);
    }
  }
}

TEST(InPanels, RefusesWhatItCannotHold) {
  std::vector<Stream> sides;
  InPanels stage = inPanels(16, 4, bytesAsTheyAre());
  EXPECT_EQ(stage.encode(bytes({4}, {1, 2, 3, 4}), {}, sides).message(),
            "panels needs a tensor of rank 2");
  EXPECT_EQ(stage.encode(Array(ElementType::F32, {1, 4}), {}, sides)
                .message()
                .substr(0, 19),
            "the input of panels");
  Array main(ElementType::I8, {1, 16});
  EXPECT_FALSE(stage.decode(main, {}, {1, 4}));
  EXPECT_FALSE(stage.decode(main, {}, {4}));
}
