#include "workload/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/choice.h"
#include "core/fields.h"
#include "core/io/paths.h"
#include "core/text.h"
#include "workload/hugging_face.h"

namespace bandwright {
namespace {

constexpr std::array ffn_kinds = {
    Choice{FfnKind::Gelu, "gelu", "two matrices with a GELU between"},
    Choice{FfnKind::SwiGlu, "swiglu", "three matrices, one of them a gate"},
};

constexpr std::int64_t largest = 1 << 24;

Kind<std::int64_t> count(std::int64_t low = 1) { return kinds::integer(low, largest); }

void check_groups(const Experts& e) {
  if (e.groups <= 1) return;
  if (e.count % e.groups != 0) {
    throw InputError(fmt::format("groups {} do not divide {} experts", e.groups, e.count));
  }
  const std::int64_t fewest = (e.per_token * e.groups + e.count - 1) / e.count;
  if (e.groups_per_token < fewest || e.groups_per_token > e.groups) {
    throw InputError(fmt::format("groups_per_token {}, expected {} (which hold {} experts) to {}",
                                 e.groups_per_token, fewest, e.per_token, e.groups));
  }
}

// What ties the numbers together, whatever file they come from. Throws InputError without a place.
void check(const TransformerArchitecture& model) {
  if (model.heads % model.kv_heads != 0) {
    throw InputError(fmt::format("kv_heads {} does not divide heads {}", model.kv_heads, model.heads));
  }
  if (model.sparse() && model.experts.dense_layers + model.experts.interval > model.layers) {
    throw InputError(fmt::format("dense_layers {} leaves no layer of {} with experts",
                                 model.experts.dense_layers, model.layers));
  }
  check_groups(model.experts);
  const StateSpace& space = model.state_space;
  if (space.layers > 0 && space.heads % space.groups != 0) {
    throw InputError(
        fmt::format("{} groups do not divide the {} heads of state_space", space.groups, space.heads));
  }
}

// What a file leaves out follows from the rest.
void complete(TransformerArchitecture& model) {
  if (model.kv_heads == 0) model.kv_heads = model.heads;
  if (model.ffn == 0) model.ffn = 4 * model.hidden;
  if (model.head_dim == 0 && model.hidden % model.heads != 0) {
    throw InputError(
        fmt::format("{} heads do not divide hidden {}; give head_dim", model.heads, model.hidden));
  }
  if (model.head_dim == 0) model.head_dim = model.hidden / model.heads;
}

const Fields<Experts>& expert_fields() {
  using E = Experts;
  static const Fields<E> fields =
      Fields<E>("experts", "the experts of a mixture-of-experts model",
                required("count", &E::count, count(), "routed experts of a layer"),
                required("per_token", &E::per_token, count(), "routed experts that a token visits"),
                required("ffn", &E::ffn, count(), "inner size of one expert"),
                optional("shared", &E::shared, count(0), "experts that every token visits besides"),
                optional("shared_ffn", &E::shared_ffn, count(0), "inner size of each of those; `ffn`"),
                optional("dense_layers", &E::dense_layers, count(0),
                         "the first layers, which have an ordinary FFN"),
                optional("interval", &E::interval, count(), "of the others every so many-th has experts"),
                optional("groups", &E::groups, count(), "of experts, of which the router picks some first"),
                optional("groups_per_token", &E::groups_per_token, count(), "that it picks; all"),
                optional("latent", &E::latent, count(0), "elements of a token that they see; 0: `hidden`"))
          .rule("per_token",
                [](E& experts) {
                  if (experts.groups_per_token == 0) experts.groups_per_token = experts.groups;
                  if (experts.per_token > experts.count) {
                    throw InputError(fmt::format("expected at most the {} experts", experts.count));
                  }
                })
          .rule("groups", [](E& experts) { check_groups(experts); });
  return fields;
}

const Fields<LatentAttention>& latent_fields() {
  using L = LatentAttention;
  static const Fields<L> fields(
      "latent", "multi-head latent attention",
      required("q_rank", &L::q_rank, count(0), "rank of the queries' projection; 0: none"),
      required("kv_rank", &L::kv_rank, count(), "rank of the keys' and values'"),
      required("rope_dim", &L::rope_dim, count(), "of a head's query and key, beside"),
      optional("key_dim", &L::key_dim, count(0), "these; `head_dim`"));
  return fields;
}

const Fields<SlidingWindow>& window_fields() {
  using W = SlidingWindow;
  static const Fields<W> fields("window", "layers in which a token attends to the last ones before it only",
                                required("tokens", &W::tokens, count(), "so many"),
                                required("layers", &W::layers, count(0), "layers with it"));
  return fields;
}

const Fields<StateSpace>& state_space_fields() {
  using S = StateSpace;
  static const Fields<S> fields(
      "state_space", "Mamba-2 layers",
      required("layers", &S::layers, kinds::integer<std::int64_t>(1, 10000), "so many"),
      required("attention_layers", &S::attention_layers, kinds::integer<std::int64_t>(0, 10000),
               "layers with attention beside them; `layers` of the model are those with an FFN"),
      required("heads", &S::heads, kinds::integer<std::int64_t>(1, 1 << 16), "heads of each"),
      optional("head_dim", &S::head_dim, count(), "elements of a head"),
      optional("state", &S::state, count(), "elements of a state's row"),
      optional("groups", &S::groups, count(), "of heads that share what writes and reads the states"),
      optional("convolution", &S::convolution, count(), "tokens of the convolution before"),
      optional("chunk", &S::chunk, count(), "tokens that are computed together"));
  return fields;
}

}  // namespace

double TransformerArchitecture::attended_share() const {
  const auto w = static_cast<double>(std::min(window.tokens, sequence)) / static_cast<double>(sequence);
  const double attention = static_cast<double>(std::max<std::int64_t>(1, attention_layers()));
  const double windowed = static_cast<double>(window.layers) / attention;
  return 1.0 - windowed * (1.0 - w) * (1.0 - w);
}

const Fields<TransformerArchitecture>& architecture_fields() {
  using A = TransformerArchitecture;
  static const Fields<A> fields =
      Fields<A>(
          "transformer", "a decoder-only transformer",
          required("name", &A::name, kinds::text(), "what answers call it"),
          optional("help", &A::help, kinds::text(), "one line for lists"),
          required("layers", &A::layers, kinds::integer(1, 10000), "transformer blocks"),
          required("hidden", &A::hidden, count(), "elements of a token between layers, h"),
          required("heads", &A::heads, kinds::integer(1, 1 << 16), "of attention, a"),
          optional("kv_heads", &A::kv_heads, count(), "of keys and values; `heads`"),
          optional("head_dim", &A::head_dim, count(), "elements of a head; `hidden` / `heads`"),
          optional("ffn", &A::ffn, count(), "inner size of the FFN; 4 `hidden`"),
          optional("ffn_kind", &A::ffn_kind, kinds::choice(ffn_kinds, "FFN kind"), "of its matrices"),
          optional("clamped_ffn", &A::clamped_ffn, kinds::flag(),
                   "biases, and an activation clamped to a range: many kernels where they are not fused"),
          required("sequence", &A::sequence, count(), "tokens of a sequence, s"),
          required("vocabulary", &A::vocabulary, count(), "rows of the embedding, V"),
          optional("tied_embeddings", &A::tied_embeddings, kinds::flag(), "output and input share a table"),
          optional("predicted", &A::predicted, kinds::integer<std::int64_t>(1, most_predicted),
                   "tokens of a position; each above 1 is a layer of `layers` and the output layer again"),
          optional("one_predictor", &A::one_predictor, kinds::flag(),
                   "those layers share one set of weights"),
          optional("positions", &A::positions, count(0), "with a learned embedding; 0: none"),
          optional("experts", &A::experts, kinds::object(expert_fields()), "none: a dense model"),
          optional("latent", &A::latent, kinds::object(latent_fields()), "none: ordinary attention"),
          optional("window", &A::window, kinds::object(window_fields()), "none: all layers attend to all"),
          optional("state_space", &A::state_space, kinds::object(state_space_fields()),
                   "none: every layer has attention"),
          optional("left_out", &A::left_out, kinds::text(), "what else is known of it, for notes"))
          .rule("heads", complete)
          .rule("", check);
  return fields;
}

TransformerArchitecture predicting_more(TransformerArchitecture model, std::int64_t tokens) {
  if (tokens < 0 || model.predicted > most_predicted - tokens) {
    throw InputError(fmt::format("{} tokens predicted besides {}: {} of a position at most", tokens,
                                 model.predicted, most_predicted));
  }
  model.layers += tokens;
  model.predicted += tokens;
  if (model.state_space.layers > 0) model.state_space.attention_layers += tokens;
  return model;
}

TransformerArchitecture read_architecture(const YamlValue& root) { return architecture_fields().read(root); }

TransformerArchitecture load_architecture(std::string_view word) {
  const std::string_view json = ".json";
  if (word.size() > json.size() && equal_ignoring_case(word.substr(word.size() - json.size()), json)) {
    return read_hugging_face(read_text_file(std::string(word)), std::string(word));
  }
  if (is_written_out(word)) {
    const YamlValue root = YamlValue::load(word);
    const bool theirs = root.is_map() && root.find("model_type");
    return theirs ? read_hugging_face(word, root.place().file) : read_architecture(root);
  }
  if (!find_input("models/transformers", word) && find_input("models/tables", word)) {
    const std::vector<std::string> names = input_names("models/transformers");
    const std::vector<std::string_view> choices(names.begin(), names.end());
    throw InputError(fmt::format(
        "{} is a layer table, not a transformer: `estimate` takes it, `simulate` and `optimize` on a network "
        "({})",
        word, choices_text(choices)));
  }
  return read_architecture(YamlValue::load(input_file("models/transformers", word, "model")));
}

}  // namespace bandwright
