def walk_forward_predict(model, frame, start):
    answers = []
    for day in frame.loc[start:].index:
        past = frame.loc[:day].iloc[:-1]
        model.fit(past.drop(columns="sold"), past["sold"])
        answers.append(model.predict(frame.loc[[day]].drop(columns="sold"))[0])
    return answers
